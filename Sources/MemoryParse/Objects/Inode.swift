import Evidence

/// What an inode says of its file.
struct Inode {
  var address: UInt64
  var number: UInt64
  var mode: UInt32
  var size: UInt64
  var uid: UInt32
  var accessed: Timestamp?
  var modified: Timestamp?
  var changed: Timestamp?
  /// `major:minor` of the file system.
  var major: UInt32
  var minor: UInt32
  var mapping: UInt64?
  /// Pages in the page cache.
  var cachedPages: UInt64

  /// The word that lists use for the kind of file.
  var type: String {
    switch mode & 0o170000 {
    case 0o140000: "SOCK"
    case 0o120000: "LNK"
    case 0o100000: "REG"
    case 0o060000: "BLK"
    case 0o040000: "DIR"
    case 0o020000: "CHR"
    case 0o010000: "FIFO"
    default: "-"
    }
  }

  /// As `ls -l` prints it.
  var modeText: String {
    let kinds: [String: Character] = [
      "SOCK": "s", "LNK": "l", "REG": "-", "BLK": "b", "DIR": "d", "CHR": "c", "FIFO": "p",
    ]
    var text = String(kinds[type] ?? "?")
    for shift in stride(from: UInt32(6), through: 0, by: -3) {
      let bits = mode >> shift
      let special = mode >> (9 + shift / 3) & 1 == 1
      text.append(bits & 4 != 0 ? "r" : "-")
      text.append(bits & 2 != 0 ? "w" : "-")
      switch (special, bits & 1 != 0) {
      case (false, let executable): text.append(executable ? "x" : "-")
      case (true, let executable): text.append(shift == 0 ? (executable ? "t" : "T") : executable ? "s" : "S")
      }
    }
    return text
  }
}

final class InodeReader {
  private let kernel: Kernel
  private let number, mode, size, uid, device, superBlock, mapping, pages: Member?
  private let times: [(seconds: Member?, nanoseconds: Member?)]
  private var known: [UInt64: Inode] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    func inode(_ path: String) -> Member? { types.member("inode", path) }
    number = inode("i_ino")
    mode = inode("i_mode")
    size = inode("i_size")
    uid = inode("i_uid")
    superBlock = inode("i_sb")
    mapping = inode("i_mapping")
    device = types.member("super_block", "s_dev")
    pages = types.member("address_space", "nrpages")
    times = ["atime", "mtime", "ctime"].map { name in
      (
        inode("i_\(name)_sec") ?? inode("i_\(name).tv_sec") ?? inode("__i_\(name).tv_sec"),
        inode("i_\(name)_nsec") ?? inode("i_\(name).tv_nsec") ?? inode("__i_\(name).tv_nsec")
      )
    }
  }

  func inode(at address: UInt64) -> Inode? {
    if let inode = known[address] { return inode }
    guard let number = kernel.value(address, number), let mode = kernel.value(address, mode) else { return nil }
    let device = UInt32(
      truncatingIfNeeded: kernel.pointer(address, superBlock).flatMap { kernel.value($0, self.device) } ?? 0)
    let mapping = kernel.pointer(address, mapping)
    let inode = Inode(
      address: address, number: number, mode: UInt32(truncatingIfNeeded: mode), size: kernel.value(address, size) ?? 0,
      uid: UInt32(truncatingIfNeeded: kernel.value(address, uid) ?? 0), accessed: time(address, 0),
      modified: time(address, 1), changed: time(address, 2), major: device >> 20, minor: device & 0xF_FFFF,
      mapping: mapping, cachedPages: mapping.flatMap { kernel.value($0, pages) } ?? 0)
    if known.count < 1 << 17 { known[address] = inode }
    return inode
  }

  private func time(_ address: UInt64, _ which: Int) -> Timestamp? {
    guard let seconds = kernel.value(address, times[which].seconds),
      let nanoseconds = kernel.value(address, times[which].nanoseconds)
    else { return nil }
    // Newer kernels keep flags above the thirty bits of the number.
    return Timestamp(
      seconds: Int64(bitPattern: seconds), nanoseconds: Int64(nanoseconds & 0x3FFF_FFFF), precision: .nanosecond)
  }
}
