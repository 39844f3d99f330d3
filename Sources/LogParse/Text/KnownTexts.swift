import Bytes

/// Keeps texts that come again and again (user agents, ARNs, names of services) as strings: to make one costs several times what it
/// costs to see that it is the same as before.
///
/// A table of fixed size in which a text has one place; one that comes later takes it over. So it neither grows nor can be made
/// slow by whoever chooses the texts. `WordCache` does the same for words of up to 16 bytes, without going over them.
struct KnownTexts: ~Copyable {
  private static let capacity = 2048
  /// Of a longer text the copy is what costs.
  private static let maximumText = 512

  private var table: [String] = Array(repeating: "", count: capacity)

  mutating func text(_ view: ByteView) -> String {
    guard view.count > 0, view.count <= Self.maximumText else { return view.string }
    let place = Int(truncatingIfNeeded: view.fingerprint >> 32) & (Self.capacity - 1)
    if table[place].withView({ $0 == view }) { return table[place] }
    let text = view.string
    table[place] = text
    return text
  }
}

extension JSONView {
  /// What `kept` gives, by way of the texts that are known.
  func kept(_ known: inout KnownTexts) -> String? {
    guard let raw = rawString, raw.firstIndex(of: 0x5C) == nil, raw.count <= AWSRecords.maximumText else { return kept }
    return raw.isEmpty ? nil : known.text(raw)
  }
}
