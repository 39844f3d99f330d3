import Bytes

/// Files out of the page cache: also deleted ones, and such as never were on a disk.
public struct FileRecovery {
  /// Which file.
  public enum Wanted: Sendable {
    /// Path, as `pagecache.Files` shows it.
    case path(String)
    /// Address of the inode, as `pagecache.Files` and `lsof` show it.
    case inode(UInt64)
    /// The program that a process runs.
    case program(pid: Int32)
  }

  /// What was found of it.
  public struct Found: Sendable {
    public var inode: UInt64
    /// As the file system has it; what is not in memory of it is zeros.
    public var byteCount: UInt64
    public var pagesFound: UInt64
    public var pagesTotal: UInt64
    /// Other files of the same path, of other mount namespaces.
    public var namesakes: [UInt64] = []
  }

  /// One sentence: why there is nothing.
  public struct Failure: Error { public var sentence: String }

  /// More than any file that a page cache holds whole. A file's length is not believed beyond it.
  public static let byteLimit: UInt64 = 1 << 40

  /// Finds the file, and gives its pages in order.
  ///
  /// - Parameters:
  ///   - typeFile: as in `MemoryAnalysis.Options`.
  ///   - write: takes bytes and their place in the file, valid during the call. False ends the recovery.
  public static func run(
    _ wanted: Wanted, from image: any MemoryImage, typeFile: [UInt8]? = nil,
    write: (_ offset: UInt64, _ bytes: ByteView) -> Bool
  ) throws(Failure) -> Found {
    let kernel: Kernel
    do {
      kernel = try MemoryAnalysis.kernel(of: PhysicalMemory(image), typeFile: typeFile)
    } catch {
      throw Failure(sentence: error.sentence)
    }
    let snapshot = Snapshot(kernel)
    var (inode, namesakes) = try inode(of: wanted, snapshot)
    guard inode.type == "REG" else { throw Failure(sentence: "this is no regular file but \(inode.type)") }
    guard let mapping = inode.mapping else { throw Failure(sentence: "the inode leads to no pages") }
    inode.size = min(inode.size, byteLimit)
    let page = kernel.pageSize
    var found = Found(
      inode: inode.address, byteCount: inode.size, pagesFound: 0, pagesTotal: (inode.size &+ page &- 1) / page,
      namesakes: namesakes)
    for (index, physical) in snapshot.pageCache.pages(ofMapping: mapping) where index < found.pagesTotal {
      let offset = index * page
      let (bytes, missing) = kernel.memory.bytes(physical, Int(min(page, inode.size - offset)))
      if missing > 0 { continue }
      found.pagesFound += 1
      if !bytes.withView({ write(offset, $0) }) { break }
    }
    return found
  }

  private static func inode(of wanted: Wanted, _ snapshot: Snapshot) throws(Failure) -> (Inode, [UInt64]) {
    switch wanted {
    case .inode(let address):
      guard let inode = snapshot.inodeReader.inode(at: address) else {
        throw Failure(sentence: "no inode can be read at 0x\(String(address, radix: 16))")
      }
      return (inode, [])
    case .program(let pid):
      guard let process = snapshot.processByPID[pid] else { throw Failure(sentence: "there is no process \(pid)") }
      guard let file = process.memory?.executable,
        let address = snapshot.kernel.pointer(file, snapshot.paths.fileInode),
        let inode = snapshot.inodeReader.inode(at: address)
      else { throw Failure(sentence: "process \(pid) runs no file") }
      return (inode, [])
    case .path(let path):
      var matches: [Inode] = []
      CachedFileReader(snapshot).forEach { file in
        if file.path == path, file.inode.type == "REG", matches.count < 1024 { matches.append(file.inode) }
      }
      guard let first = matches.first else {
        throw Failure(sentence: "no regular file \(path) is in the page cache; `pagecache.Files` shows what is")
      }
      return (first, matches.dropFirst().map { $0.address })
    }
  }
}
