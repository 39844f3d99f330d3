import Bytes

/// The kernel's own symbol table: names and addresses as the kernel runs.
struct Kallsyms {
  /// How the four bytes of a symbol become its address; told by the data, not by the version.
  enum Encoding: String {
    /// Up to 6.14 on x86-64: not negative = a per-CPU offset as it is; negative = base - 1 - value.
    case absolutePerCPU = "absolute per-CPU"
    case baseRelative = "base-relative"
    /// 7.x: relative to the entry's own place.
    case placeRelative = "place-relative"
  }

  let names: SymbolNames
  let encoding: Encoding
  private let offsets: [UInt8]
  /// `kallsyms_relative_base`, or the virtual address of the first entry when place-relative.
  private let base: UInt64

  /// - Parameters:
  ///   - relativeBase: nil where the table has none; then `offsetsAddress` (of the first entry) is the reference, virtual or
  ///     physical, and addresses come out in the same.
  init(
    names: SymbolNames, offsets: [UInt8], relativeBase: UInt64?, offsetsAddress: UInt64, isPhysical: Bool = true
  ) {
    self.names = names
    self.offsets = offsets
    guard let relativeBase else {
      encoding = .placeRelative
      base = offsetsAddress
      self.isPhysical = isPhysical
      return
    }
    base = relativeBase
    let negative = offsets.withView { view in
      (0..<names.count).reduce(0) { $0 + (view[4 * $1 + 3] >= 0x80 ? 1 : 0) }
    }
    encoding = negative > names.count / 2 ? .absolutePerCPU : .baseRelative
  }

  func address(at index: Int) -> UInt64? {
    guard index >= 0, let raw = offsets.withView({ $0.u32(4 * index) }) else { return nil }
    let signed = UInt64(bitPattern: Int64(Int32(bitPattern: raw)))
    switch encoding {
    case .absolutePerCPU: return raw < 0x8000_0000 ? UInt64(raw) : base &- 1 &- signed
    case .baseRelative: return base &+ UInt64(raw)
    case .placeRelative: return base &+ UInt64(4 * index) &+ signed
    }
  }

  subscript(_ name: String) -> UInt64? {
    guard let index = names.index(of: name) else { return nil }
    if hidesData, let type = names.text(at: index)?.first, !Self.functionTypes.contains(type) { return nil }
    return address(at: index)
  }

  private static let functionTypes = Array("tTwW".utf8)

  /// True where addresses come out physical, because the virtual place of the table is not known yet.
  private(set) var isPhysical = false

  /// The same table with place-relative entries moved from physical to virtual addresses.
  func moved(by imageOffset: UInt64) -> Kallsyms {
    Kallsyms(names: names, offsets: offsets, relativeBase: nil, offsetsAddress: base &+ imageOffset, isPhysical: false)
  }

  /// As if the kernel named only its functions.
  var functionsOnly: Kallsyms {
    var other = self
    other.hidesData = true
    return other
  }

  private var hidesData = false
}
