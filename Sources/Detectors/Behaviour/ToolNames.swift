import Bytes

/// The names of the programs that a text's commands run, and which of the commands run the same.
///
/// Dozens of rules ask which commands run one of some programs. Hostile texts have thousands of commands but few different
/// names, and rules ask of those.
struct ToolNames {
  private var different: [ByteView] = []
  /// Of each different name what tells it from most.
  private var keys: [UInt64] = []
  /// Of each command the number of its name.
  private var kinds: [UInt16] = []

  /// Fewer commands are as well asked one by one.
  private static let minimum = 8
  /// Places where a name is looked for: with more that fall together it is told anew, which costs time alone.
  private static let probes = 8

  /// - Parameter names: of each command, at most `ShellLine.maximumCommands` and one.
  init(_ names: [ByteView]) {
    kinds.reserveCapacity(names.count)
    guard names.count > Self.minimum else {
      different = names
      kinds = names.indices.map { UInt16(truncatingIfNeeded: $0) }
      return
    }
    let mask = (1 << (Int.bitWidth - names.count.leadingZeroBitCount + 1)) - 1
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: mask + 1) { slots in
      slots.initialize(repeating: .max)
      for name in names { kinds.append(kind(of: name, slots, mask)) }
    }
  }

  private mutating func kind(of name: ByteView, _ slots: UnsafeMutableBufferPointer<UInt16>, _ mask: Int) -> UInt16 {
    let key = Self.key(name)
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 33) & mask
    for _ in 0..<Self.probes {
      let known = slots[slot]
      if known == .max {
        slots[slot] = UInt16(truncatingIfNeeded: different.count)
        break
      }
      if keys[Int(known)] == key, name.count <= 6 || different[Int(known)] == name { return known }
      slot = (slot + 1) & mask
    }
    different.append(name)
    keys.append(key)
    return UInt16(truncatingIfNeeded: different.count - 1)
  }

  /// The first and the last bytes and the length: all that there is of a name of up to six.
  private static func key(_ name: ByteView) -> UInt64 {
    let length = UInt64(truncatingIfNeeded: name.count) << 48
    if let first = name.u32(0), let last = name.u16(name.count - 2) {
      return UInt64(first) | UInt64(last) << 32 | length
    }
    return UInt64(name[0]) | UInt64(name[1]) << 8 | UInt64(name[2]) << 16 | length
  }

  /// Which of the commands run a program of the table.
  func marks(_ table: NameTable) -> Marks {
    var marks = Marks(kinds: kinds)
    for index in different.indices where table.contains(different[index]) {
      if marks.isWanted.isEmpty { marks.isWanted = [Bool](repeating: false, count: different.count) }
      marks.isWanted[index] = true
    }
    return marks
  }

  func contains(_ table: NameTable) -> Bool {
    for name in different where table.contains(name) { return true }
    return false
  }

  struct Marks {
    fileprivate let kinds: [UInt16]
    /// By a name's number; empty for none.
    fileprivate var isWanted: [Bool] = []

    /// Whether the command at a place is one.
    subscript(_ command: Int) -> Bool {
      !isWanted.isEmpty && kinds.indices.contains(command) && isWanted[Int(kinds[command])]
    }

    /// Whether none is.
    var isEmpty: Bool { isWanted.isEmpty }

    /// Those that are, in order.
    var places: [Int] { isWanted.isEmpty ? [] : kinds.indices.filter { isWanted[Int(kinds[$0])] } }
  }
}
