import CArchive
import Foundation

/// Undoes what libarchive knows: xz, bzip2, lz4, compress.
///
/// A stream that ends too early gives what could be decoded and then `damage`.
final class LibarchiveDecoder: ByteStream {
  private let archive: OpaquePointer
  private let input: Input
  private var ended = false
  private(set) var damage: String?

  /// Holds the buffer that libarchive reads from between two calls.
  private final class Input {
    let stream: any ByteStream
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    var failure: BytesError?
    init(_ stream: any ByteStream) { self.stream = stream }
    deinit { buffer.deallocate() }
  }

  init(_ stream: any ByteStream) throws(BytesError) {
    guard let made = archive_read_new() else { throw BytesError(.tooLarge, "out of memory") }
    archive = made
    input = Input(stream)
    archive_read_support_filter_bzip2(made)
    archive_read_support_filter_xz(made)
    archive_read_support_filter_lz4(made)
    archive_read_support_filter_compress(made)
    archive_read_support_format_raw(made)
    archive_read_support_format_empty(made)
    let opened = archive_read_open(
      made, Unmanaged.passUnretained(input).toOpaque(), nil,
      { _, context, place in
        guard let context else { return -1 }
        let input = Unmanaged<Input>.fromOpaque(context).takeUnretainedValue()
        place?.pointee = UnsafeRawPointer(input.buffer.baseAddress)
        do throws(BytesError) {
          return try input.stream.read(into: input.buffer)
        } catch {
          input.failure = error
          return -1
        }
      }, nil)
    var entry: OpaquePointer?
    let status = opened == ARCHIVE_OK ? archive_read_next_header(made, &entry) : opened
    if status == ARCHIVE_EOF { ended = true }
    if status < ARCHIVE_WARN { fail() }
    if let failure = input.failure { throw failure }
  }

  deinit { archive_read_free(archive) }

  private func fail() {
    damage = archive_error_string(archive).map { String(cString: $0) } ?? "cannot be decoded"
    ended = true
  }

  /// The block at hand, and how much of it was handed out.
  private var block = UnsafeRawBufferPointer(start: nil, count: 0)
  private var taken = 0

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    while taken == block.count, !ended { try nextBlock() }
    let count = min(buffer.count, block.count - taken)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[taken..<taken + count]))
    taken += count
    return count
  }

  /// Asks for one block at a time: archive_read_data drops what it has when the block behind it cannot be read.
  private func nextBlock() throws(BytesError) {
    block = UnsafeRawBufferPointer(start: nil, count: 0)
    taken = 0
    var start: UnsafeRawPointer?
    var count = 0
    var offset: Int64 = 0
    let status = archive_read_data_block(archive, &start, &count, &offset)
    if let failure = input.failure { throw failure }
    if status == ARCHIVE_EOF {
      ended = true
    } else if status == ARCHIVE_OK || status == ARCHIVE_WARN {
      block = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : max(count, 0))
    } else if status != ARCHIVE_RETRY {
      fail()
    }
  }
}
