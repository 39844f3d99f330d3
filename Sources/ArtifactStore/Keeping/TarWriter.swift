import Bytes
import CArchive
import Foundation

/// Writes a tar (pax), compressed with zstd, front to back. The same members give the same bytes.
final class TarWriter {
  private let archive: OpaquePointer
  private let path: String
  private let partial: String
  private var isDone = false

  /// - Parameter path: of the archive; it has that name only when it is whole.
  init(_ path: String) throws(StoreError) {
    self.path = path
    partial = path + ".partial"
    guard let made = archive_write_new() else { throw StoreError(.cannotWrite, "out of memory") }
    archive = made
    archive_write_set_format_pax_restricted(made)
    archive_write_add_filter_zstd(made)
    archive_write_set_filter_option(made, "zstd", "compression-level", "3")
    try check(archive_write_open_filename(made, partial))
  }

  deinit {
    archive_write_free(archive)
    if !isDone { unlink(partial) }
  }

  private func check(_ status: Int32) throws(StoreError) {
    guard status < ARCHIVE_WARN else { return }
    let said = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive failed"
    throw StoreError(.cannotWrite, "cannot write \(path): \(said)")
  }

  func add(_ name: String, _ bytes: [UInt8]) throws(StoreError) {
    try add(name, MemoryStream(bytes), byteCount: UInt64(bytes.count))
  }

  /// - Parameter byteCount: how many bytes the stream gives; another number is an error.
  func add(
    _ name: String, _ stream: any ByteStream, byteCount: UInt64, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, la_int64_t(clamping: byteCount))
    archive_entry_set_filetype(entry, UInt32(0o100000))
    archive_entry_set_perm(entry, 0o444)
    archive_entry_set_mtime(entry, 0, 0)
    try check(archive_write_header(archive, entry))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    var seen: UInt64 = 0
    while true {
      let count: Int
      do throws(BytesError) { count = try stream.read(into: buffer) } catch {
        throw StoreError(.integrity, "\(name) cannot be read: \(error.reason)")
      }
      if count == 0 { break }
      seen += UInt64(count)
      var done = 0
      while done < count {
        let written = archive_write_data(archive, buffer.baseAddress?.advanced(by: done), count - done)
        if written <= 0 { break }
        done += written
      }
      guard done == count else { break }
      onProgress(count)
    }
    guard seen == byteCount else {
      throw StoreError(.integrity, "\(name) has \(seen) bytes instead of \(byteCount): run `ir-analyze verify`")
    }
  }

  func finish() throws(StoreError) {
    try check(archive_write_close(archive))
    let descriptor = open(partial, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
    guard rename(partial, path) == 0 else { throw StoreError(.cannotWrite, "cannot write \(path): \(systemMessage())") }
    isDone = true
  }
}
