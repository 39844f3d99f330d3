import Bytes

/// The physical memory of a machine as a dump holds it: runs of bytes with holes between them.
///
/// What everything above the dump formats reads from. A read can always be 'missing'; nothing throws and nothing traps.
public protocol MemoryImage: Sendable {
  /// `lime`, `avml`, `elf-core`, `kdump`, `raw`
  var format: String { get }

  /// What the dump holds, sorted by address, not overlapping. Bytes outside are not in the dump.
  var runs: [PhysicalRun] { get }

  /// Copies what the dump holds at `physical` into the front of the buffer and returns how many bytes that were: fewer
  /// than asked for at the end of a run, 0 in a hole.
  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int

  /// The bytes without a copy, where they lie in one piece in the mapped file and all of them are there; else nil.
  /// Valid while the image lives.
  func view(physical: UInt64, count: Int) -> ByteView?
}

/// A range of physical addresses, and where its bytes lie in the dump.
public struct PhysicalRun: Hashable, Sendable {
  /// Half open.
  public var start: UInt64
  public var end: UInt64
  /// Of the first byte in the dump file; nil where the bytes are compressed there.
  public var fileOffset: UInt64?

  public init(start: UInt64, end: UInt64, fileOffset: UInt64?) {
    self.start = start
    self.end = end
    self.fileOffset = fileOffset
  }

  public var byteCount: UInt64 { end - start }
}
