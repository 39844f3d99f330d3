/// Whether types given by the user are of the kernel in a dump: offsets of another kernel would show anything.
struct TypeFileMatch {
  let file: TypeFile

  /// By the banner.
  ///
  /// - Returns: why they are not, as a sentence; nil where they are, or where one of the two says nothing.
  func refusal(banner: String) -> String? {
    guard let own = file.banner.map({ Self.trimmed($0) }), !banner.isEmpty, own != Self.trimmed(banner) else {
      return nil
    }
    return "the types are of another kernel: the file is of \"\(own)\", the dump of \"\(Self.trimmed(banner))\""
  }

  /// By what VMCOREINFO says of structures.
  func refusal(_ info: VMCoreInfo) -> String? {
    let (sizes, offsets) = info.layout
    for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
      guard let own = file.types.size(name), own != size else { continue }
      return "the types are of another kernel: \(name) has \(own) bytes in the file, and \(size) in the dump's Linux "
        + info.release
    }
    for (name, offset) in offsets.sorted(by: { $0.key < $1.key }) {
      guard let dot = name.firstIndex(of: "."),
        let own = file.types.member(String(name[..<dot]), String(name[name.index(after: dot)...])),
        own.offset != offset
      else { continue }
      return
        "the types are of another kernel: \(name) lies at \(own.offset) in the file, and at \(offset) in the dump's "
        + "Linux \(info.release)"
    }
    return nil
  }

  private static func trimmed(_ text: String) -> String {
    var text = Substring(text)
    while let last = text.last, last.isWhitespace || last == "\0" { text.removeLast() }
    return String(text)
  }
}
