import Evidence

/// One address space of a dump: the pages that it has and that no space before it had.
public final class MemorySpace {
  public enum Owner: Hashable, Sendable {
    /// `path` is the program's; empty where it is not known.
    case process(pid: Int64, name: String, path: String)
    /// A file whose pages the kernel keeps, as far as no process maps them.
    case file(path: String)
    /// The kernel's own memory and free pages.
    case rest
  }

  public let owner: Owner
  /// In order of address.
  public let pieces: [MemoryPiece]
  private let bytes: (UInt64, UnsafeMutableRawBufferPointer) -> Void
  private let place: (UInt64) -> Locator

  init(
    _ owner: Owner, _ pieces: [MemoryPiece], bytes: @escaping (UInt64, UnsafeMutableRawBufferPointer) -> Void,
    place: @escaping (UInt64) -> Locator
  ) {
    self.owner = owner
    self.pieces = pieces
    self.bytes = bytes
    self.place = place
  }

  /// Fills the buffer from an address on; zeros where a byte is missing.
  public func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) { bytes(address, buffer) }

  /// Whose the byte at an address is: its physical address and, of a process, pid, virtual address and mapping; else
  /// `kernel` with the address that the kernel has it at (and the file, for the page cache), or `unallocated`.
  public func locator(_ address: UInt64) -> Locator { place(address) }

  /// In a few words: `pid 351 (java)`, `the page cache of /var/log/syslog`, `kernel and free pages`.
  public var title: String {
    switch owner {
    case .process(let pid, let name, _): "pid \(pid) (\(name))"
    case .file(let path): "the page cache of \(path)"
    case .rest: "kernel and free pages"
    }
  }
}
