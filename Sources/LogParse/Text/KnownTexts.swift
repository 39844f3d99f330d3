import Bytes

/// Keeps texts that come again and again (user agents, ARNs, names of services) as strings: to make one costs several times what it
/// costs to see that it is the same as before.
///
/// A table of fixed size in which a text has one place; one that comes later takes it over. So it neither grows nor can be made
/// slow by whoever chooses the texts. `WordCache` does the same for words of up to 16 bytes, without going over them.
struct KnownTexts: ~Copyable {
  /// 11 bits of a hash.
  private static let capacity = 2048
  /// A shorter text lies in the string itself, of a longer one the copy is what costs.
  private static let lengths = 16...512

  private var table: [String] = Array(repeating: "", count: capacity)

  mutating func text(_ view: ByteView) -> String {
    guard Self.lengths.contains(view.count), let front = view.u64(0), let middle = view.u64(view.count / 2 - 4),
      let back = view.u64(view.count - 8)
    else { return view.string }
    let hash = (front ^ middle &* 31 ^ back &* 1021 ^ UInt64(view.count)) &* 0x9E37_79B9_7F4A_7C15
    let place = Int(truncatingIfNeeded: hash >> 53)
    if table[place].withView({ $0 == view }) { return table[place] }
    let text = view.string
    table[place] = text
    return text
  }
}

extension JSONView {
  /// What `kept` gives, by way of the texts that are known.
  func kept(_ known: inout KnownTexts) -> String? {
    guard let raw = rawString, !hasEscapes, raw.count <= AWSRecords.maximumText else { return kept }
    return raw.isEmpty ? nil : known.text(raw)
  }

  /// The same, and empty text where the record says that.
  func said(_ known: inout KnownTexts) -> String? { kept(&known) ?? (rawString?.isEmpty == true ? "" : nil) }
}
