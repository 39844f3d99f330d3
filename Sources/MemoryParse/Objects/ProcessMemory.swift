import Bytes

/// A process's own memory: `mm_struct` and what it says of arguments, environment and heap.
final class ProcessMemory {
  let kernel: Kernel
  /// `mm_struct`.
  let address: UInt64
  let space: AddressSpace
  /// File of the program; nil where the process has none or its pointer is lost.
  let executable: UInt64?
  let heap: Range<UInt64>
  let stackStart: UInt64
  private let argumentRange: Range<UInt64>
  private let environmentRange: Range<UInt64>

  /// More than the kernel allows to pass to a program (a quarter of the stack limit, 6 MiB at most by default).
  private static let argumentLimit = 8 << 20

  init?(_ kernel: Kernel, _ address: UInt64, _ layout: Layout) {
    guard let table = kernel.pointer(address, layout.pgd), let root = kernel.space.physical(table) else { return nil }
    self.kernel = kernel
    self.address = address
    space = AddressSpace(kernel.memory, kernel.space.tables.userTables(root: root))
    executable = kernel.pointer(address, layout.exeFile)
    func range(_ start: Member?, _ end: Member?) -> Range<UInt64> {
      guard let low = kernel.value(address, start), let high = kernel.value(address, end), low < high else {
        return 0..<0
      }
      return low..<high
    }
    argumentRange = range(layout.argStart, layout.argEnd)
    environmentRange = range(layout.envStart, layout.envEnd)
    heap = range(layout.heapStart, layout.heapEnd)
    stackStart = kernel.value(address, layout.stackStart) ?? 0
  }

  struct Layout {
    let pgd, exeFile, argStart, argEnd, envStart, envEnd, heapStart, heapEnd, stackStart: Member?

    init(_ types: any TypeSource) {
      func mm(_ path: String) -> Member? { types.member("mm_struct", path) }
      pgd = mm("pgd")
      exeFile = mm("exe_file")
      argStart = mm("arg_start")
      argEnd = mm("arg_end")
      envStart = mm("env_start")
      envEnd = mm("env_end")
      heapStart = mm("start_brk")
      heapEnd = mm("brk")
      stackStart = mm("start_stack")
    }
  }

  private func bytes(_ range: Range<UInt64>) -> (bytes: [UInt8], missing: Int) {
    space.bytes(range.lowerBound, Int(min(range.upperBound - range.lowerBound, UInt64(Self.argumentLimit))))
  }

  /// The arguments; and whether a part of them could not be read.
  lazy var arguments: (texts: [String], isWhole: Bool) = {
    var (bytes, missing) = bytes(argumentRange)
    guard !bytes.isEmpty else { return ([], true) }
    // A program that renames itself may write on into the environment: then the last byte of the arguments is not NUL,
    // and the text goes on to the first.
    if missing == 0, bytes.last != 0, environmentRange.lowerBound == argumentRange.upperBound {
      let more = self.bytes(environmentRange)
      bytes += more.bytes.prefix { $0 != 0 }
    }
    while bytes.last == 0 { bytes.removeLast() }
    if bytes.isEmpty { return ([], missing == 0) }
    let texts = bytes.withView { view in view.split(0, limit: 1 << 16).map(\.string) }
    return (texts, missing == 0)
  }()

  var commandLine: String { arguments.texts.joined(separator: " ") }

  /// `KEY=VALUE` pairs in their order; other text is left out.
  lazy var environment: (pairs: [(key: String, value: String)], isWhole: Bool) = {
    let (bytes, missing) = bytes(environmentRange)
    var pairs: [(String, String)] = []
    bytes.withView { view in
      for text in view.split(0, limit: 1 << 16) {
        guard let (key, value) = text.cut(0x3D) else { continue }
        pairs.append((key.string, value.string))
      }
    }
    return (pairs, missing == 0)
  }()
}
