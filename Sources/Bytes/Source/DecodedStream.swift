import CArchive
import Foundation

/// Undoes gzip, zstd, xz, bzip2 and the like over another stream, or hands bytes on as they are. libarchive does it.
///
/// Concatenated members are one stream, as `zcat` has it. A stream that ends too early gives what could be decoded and
/// then `damage`.
public final class DecodedStream: ByteStream {
  private let archive: OpaquePointer
  private let input: Input
  private var ended = false
  public private(set) var damage: String?
  public private(set) var encodings: [String] = []

  /// Holds the buffer that libarchive reads from between two calls.
  private final class Input {
    let stream: any ByteStream
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    var failure: BytesError?
    init(_ stream: any ByteStream) { self.stream = stream }
    deinit { buffer.deallocate() }
  }

  public init(_ stream: any ByteStream) throws(BytesError) {
    guard let made = archive_read_new() else { throw BytesError(.tooLarge, "out of memory") }
    archive = made
    input = Input(stream)
    archive_read_support_filter_gzip(made)
    archive_read_support_filter_bzip2(made)
    archive_read_support_filter_xz(made)
    archive_read_support_filter_zstd(made)
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
    if opened != ARCHIVE_OK {
      damage = message
      ended = true
    } else {
      let status = archive_read_next_header(made, &entry)
      if status == ARCHIVE_EOF { ended = true }
      if status < ARCHIVE_WARN {
        damage = message
        ended = true
      }
    }
    if let failure = input.failure { throw failure }
    let filters = max(archive_filter_count(made), 0)
    for index in 0..<filters {
      guard let name = archive_filter_name(made, index) else { continue }
      let text = String(cString: name)
      if text != "none" { encodings.append(text) }
    }
  }

  deinit { archive_read_free(archive) }

  private var message: String { archive_error_string(archive).map { String(cString: $0) } ?? "cannot be decoded" }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    if ended { return 0 }
    while true {
      let number = archive_read_data(archive, buffer.baseAddress, buffer.count)
      if let failure = input.failure { throw failure }
      if number >= 0 {
        ended = number == 0
        return number
      }
      if number == Int(ARCHIVE_RETRY) { continue }
      damage = message
      ended = true
      return 0
    }
  }
}
