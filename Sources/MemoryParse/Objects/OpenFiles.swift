/// A file descriptor of a process.
struct OpenFile {
  var descriptor: Int
  /// `struct file`.
  var file: UInt64
}

/// Reads file descriptors. All that are not empty are taken; the bitmaps of open ones are not trusted, since clearing a bit
/// hides a descriptor from nothing but such lists.
final class OpenFileReader {
  private let kernel: Kernel
  private let files: Member?
  private let table: Member?
  private let count: Member?
  private let array: Member?
  private let mode: Member?
  private let inode: Member?

  /// The kernel's own ceiling (`sysctl_nr_open`) by default.
  private static let limit = 1 << 20

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    files = types.member("task_struct", "files")
    table = types.member("files_struct", "fdt")
    count = types.member("fdtable", "max_fds")
    array = types.member("fdtable", "fd")
    mode = types.member("file", "f_mode")
    inode = types.member("file", "f_inode")
  }

  func files(ofTask task: UInt64) -> [OpenFile] {
    guard let files = kernel.pointer(task, files), let table = kernel.pointer(files, table),
      let count = kernel.value(table, count), count > 0, let array = kernel.pointer(table, array)
    else { return [] }
    var open: [OpenFile] = []
    var next = 0
    while next < Int(min(count, UInt64(Self.limit))) {
      let descriptor = next
      guard let raw = kernel.space.u64(array &+ UInt64(8 * descriptor)) else {
        // Nothing of this page is there.
        next = (descriptor / 512 + 1) * 512
        continue
      }
      next += 1
      if raw == 0 { continue }
      let file = kernel.space.tables.canonical(raw)
      // A file that points to an inode, as every open one does.
      guard kernel.isKernelAddress(file), file & 7 == 0, kernel.pointer(file, inode) != nil else { continue }
      open.append(OpenFile(descriptor: descriptor, file: file))
    }
    return open
  }
}
