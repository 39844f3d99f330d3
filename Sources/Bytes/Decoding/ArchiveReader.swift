import CArchive
import Foundation

/// The members of a tar (in any compression) or zip, one after the other, streamed: nothing is extracted by path.
///
/// Damage ends the walk with `ending` set; what was read counts.
public final class ArchiveReader: ByteStream {
  public struct Member: Hashable, Sendable {
    public enum Kind: String, Sendable { case file, folder, link, hardLink = "hard-link", device, other }
    /// As the archive names it, bytes that are not UTF-8 replaced. A name to show, never one to
    /// open: it may lead anywhere.
    public var path: String
    public var kind: Kind
    public var byteCount: UInt64?
    public var mode: UInt32
    public var uid: Int64
    public var gid: Int64
    /// Nanoseconds since 1970.
    public var modified: Int64?
    /// What a link points to.
    public var target: String?
    public var isEncrypted: Bool
  }

  nonisolated(unsafe) private static let unicode: locale_t? = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)

  private let archive: OpaquePointer
  private let file: MappedFile
  private let input: Input?
  private var ended = false
  /// The current member: bytes handed out, the block at hand and its place in the member.
  private var place: UInt64 = 0
  private var block = (bytes: UnsafeRawBufferPointer(start: nil, count: 0), offset: UInt64(0))
  private var memberEnded = true
  /// Why the current member's bytes ended early.
  public private(set) var damage: String?
  /// Why the archive could not be read to its end; nil while all is well.
  public private(set) var ending: String?
  /// Blocks between members that are no header, and the first reason: members whose headers they were are lost.
  public private(set) var lost: (blocks: Int, reason: String)?

  /// What libarchive reads from where compression is undone first; keeps the buffer between two calls.
  private final class Input {
    let stream: DecodedStream
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    init(_ stream: DecodedStream) { self.stream = stream }
    deinit { buffer.deallocate() }
  }

  /// - Parameter file: kept as long as the reader is.
  public init(_ file: MappedFile) throws(BytesError) {
    self.file = file
    // Our own decoders give every byte that a cut stream still holds; libarchive drops the last block.
    let stream = try DecodedStream(MappedStream(file))
    input = stream.encodings.isEmpty ? nil : Input(stream)
    guard let made = archive_read_new() else { throw BytesError(.tooLarge, "out of memory") }
    archive = made
    archive_read_support_format_tar(made)
    archive_read_support_format_zip(made)
    let bytes = file.view.unsafeBytes
    let opened =
      if let input {
        archive_read_open(
          made, Unmanaged.passUnretained(input).toOpaque(), nil,
          { _, context, place in
            guard let context else { return -1 }
            let input = Unmanaged<Input>.fromOpaque(context).takeUnretainedValue()
            place?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
            return (try? input.stream.read(into: input.buffer)) ?? -1
          }, nil)
      } else {
        archive_read_open_memory(made, bytes.baseAddress, bytes.count)
      }
    if opened != ARCHIVE_OK { end() }
  }

  deinit { archive_read_free(archive) }

  private var message: String { archive_error_string(archive).map { String(cString: $0) } ?? "cannot be read" }

  private func end() {
    ending = input?.stream.damage ?? message
    ended = true
  }

  /// The next member; nil at the end. `read` then gives its bytes.
  public func next() -> Member? {
    guard !ended else { return nil }
    damage = nil
    place = 0
    block = (UnsafeRawBufferPointer(start: nil, count: 0), 0)
    memberEnded = false
    // libarchive converts names to the thread's character set; in that of C a name with a Korean letter has none.
    let before = Self.unicode.map { uselocale($0) }
    defer { if let before { uselocale(before) } }
    var entry: OpaquePointer?
    var status = archive_read_next_header(archive, &entry)
    while status == ARCHIVE_RETRY {
      lost = ((lost?.blocks ?? 0) + 1, lost?.reason ?? message)
      status = archive_read_next_header(archive, &entry)
    }
    guard status != ARCHIVE_EOF, status >= ARCHIVE_WARN, let entry else {
      if status != ARCHIVE_EOF { end() } else { ending = input?.stream.damage }
      ended = true
      return nil
    }
    let name =
      archive_entry_pathname(entry).map { String(cString: $0) }
      ?? archive_entry_pathname_utf8(entry).map { String(cString: $0) }
    let hardLink = archive_entry_hardlink(entry).map { String(cString: $0) }
    let link = archive_entry_symlink(entry).map { String(cString: $0) }
    var modified: Int64?
    if archive_entry_mtime_is_set(entry) != 0 {
      let (scaled, over) = Int64(archive_entry_mtime(entry)).multipliedReportingOverflow(by: 1_000_000_000)
      modified = over ? nil : scaled &+ Int64(archive_entry_mtime_nsec(entry))
    }
    return Member(
      path: name ?? "", kind: hardLink != nil ? .hardLink : kind(archive_entry_filetype(entry)),
      byteCount: archive_entry_size_is_set(entry) != 0 ? UInt64(max(archive_entry_size(entry), 0)) : nil,
      mode: UInt32(archive_entry_mode(entry)), uid: Int64(archive_entry_uid(entry)),
      gid: Int64(archive_entry_gid(entry)),
      modified: modified, target: hardLink ?? link, isEncrypted: archive_entry_is_encrypted(entry) != 0)
  }

  private func kind(_ type: mode_t) -> Member.Kind {
    switch type & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    case S_IFLNK: .link
    case S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK: .device
    default: .other
    }
  }

  /// The current member's bytes; holes of sparse members are zeros.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    while buffer.count > 0 {
      if place < block.offset {
        // A hole; one at the end has an empty block behind it.
        let count = Int(clamping: min(UInt64(buffer.count), block.offset - place))
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
        place += UInt64(count)
        return count
      }
      let taken = Int(clamping: place - block.offset)
      if taken < block.bytes.count {
        let count = min(buffer.count, block.bytes.count - taken)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block.bytes[taken..<taken + count]))
        place += UInt64(count)
        return count
      }
      guard nextBlock() else { return 0 }
    }
    return 0
  }

  /// Asks for one block at a time: archive_read_data drops what it has when the block behind it cannot be read.
  private func nextBlock() -> Bool {
    guard !ended, !memberEnded else { return false }
    var start: UnsafeRawPointer?
    var count = 0
    var offset: Int64 = 0
    var status = archive_read_data_block(archive, &start, &count, &offset)
    while status == ARCHIVE_RETRY { status = archive_read_data_block(archive, &start, &count, &offset) }
    if status != ARCHIVE_OK {
      memberEnded = true
      if status == ARCHIVE_FATAL { end() }
      if status != ARCHIVE_EOF { damage = input?.stream.damage ?? message }
      let end = UInt64(max(offset, 0))
      guard status == ARCHIVE_EOF, end > place else { return false }
      // A sparse member may end in a hole.
      block = (UnsafeRawBufferPointer(start: nil, count: 0), end)
      return true
    }
    block = (UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : max(count, 0)), UInt64(max(offset, 0)))
    if block.offset < place, block.bytes.count > 0 {
      damage = "its parts overlap"
      memberEnded = true
      block = (UnsafeRawBufferPointer(start: nil, count: 0), place)
      return false
    }
    return true
  }
}
