import Bytes

/// The kernel's note to crash tools (`Documentation/admin-guide/kdump/vmcoreinfo.rst`): a text of `KEY=VALUE` lines that
/// lies in memory twice, as data and as an ELF note.
struct VMCoreInfo: Equatable {
  private let values: [String: String]

  static let needle: StaticString = "OSRELEASE="
  /// The kernel gives it one page.
  static let maximumBytes = 4096

  /// - Parameter text: begins with `OSRELEASE=`; ends at the first NUL.
  /// - Returns: nil for what only looks like it.
  init?(_ text: ByteView) {
    let whole = text.slice(0, Self.maximumBytes)
    let end = whole.firstIndex(of: 0) ?? whole.count
    var values: [String: String] = [:]
    for line in whole.slice(0, end).split(0x0A) {
      guard let (key, value) = line.cut(0x3D), values.count < 1024 else { continue }
      values[key.string] = value.string
    }
    guard values["OSRELEASE"]?.isEmpty == false, values["SYMBOL(swapper_pg_dir)"] != nil else { return nil }
    self.values = values
  }

  var release: String { values["OSRELEASE"] ?? "" }
  var buildID: String? { values["BUILD-ID"] }
  var pageSize: Int? { values["PAGESIZE"].flatMap { Int($0) } }

  /// Address of a symbol as the kernel runs: hexadecimal without 0x.
  func symbol(_ name: String) -> UInt64? { values["SYMBOL(\(name))"]?.withView { $0.hexadecimal } }

  /// Signed decimal on x86-64; AArch64 writes most of its own in hexadecimal with 0x.
  func number(_ name: String) -> Int64? {
    guard let text = values["NUMBER(\(name))"] else { return nil }
    return text.withView { view in
      if view.hasPrefix("0x") { return view.hexadecimal.map { Int64(bitPattern: $0) } }
      return view.integer
    }
  }

  func number(unsigned name: String) -> UInt64? { number(name).map { UInt64(bitPattern: $0) } }

  /// What it says of the layout of structures: sizes by name, and places of members by `structure.member`.
  var layout: (sizes: [String: Int], offsets: [String: Int]) {
    func inner(_ key: String, _ kind: String) -> String? {
      key.hasPrefix(kind + "(") && key.hasSuffix(")") ? String(key.dropFirst(kind.count + 1).dropLast()) : nil
    }
    var sizes: [String: Int] = [:]
    var offsets: [String: Int] = [:]
    for (key, value) in values {
      guard let number = Int(value) else { continue }
      if let name = inner(key, "SIZE") { sizes[name] = number }
      if let name = inner(key, "OFFSET") { offsets[name] = number }
    }
    return (sizes, offsets)
  }
}
