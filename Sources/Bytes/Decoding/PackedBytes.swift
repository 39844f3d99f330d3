import CArchive

/// Compresses a whole text: what a file's name asks for.
public enum PackedBytes {
  /// - Returns: the bytes as xz or gzip where the name ends so, else as they are.
  /// - Throws: `tooLarge` where the library has no memory left.
  public static func packed(_ bytes: [UInt8], forFileNamed name: String) throws(BytesError) -> [UInt8] {
    if name.hasSuffix(".xz") { return try filtered(bytes, archive_write_add_filter_xz) }
    if name.hasSuffix(".gz") { return try filtered(bytes, archive_write_add_filter_gzip) }
    return bytes
  }

  private final class Output {
    var bytes: [UInt8] = []
  }

  private static func filtered(
    _ bytes: [UInt8], _ filter: (OpaquePointer?) -> Int32
  ) throws(BytesError) -> [UInt8] {
    let output = Output()
    guard let archive = archive_write_new(), let entry = archive_entry_new() else {
      throw BytesError(.tooLarge, "out of memory")
    }
    defer {
      archive_entry_free(entry)
      archive_write_free(archive)
    }
    archive_write_set_format_raw(archive)
    archive_write_set_bytes_in_last_block(archive, 1)
    archive_entry_set_filetype(entry, UInt32(0o100000))
    let write: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int = {
      _, context, data, count in
      guard let context, let data else { return -1 }
      Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().bytes += UnsafeRawBufferPointer(
        start: data, count: count)
      return count
    }
    var status = filter(archive)
    if status == ARCHIVE_OK {
      status = archive_write_open(archive, Unmanaged.passUnretained(output).toOpaque(), nil, write, nil)
    }
    if status == ARCHIVE_OK { status = archive_write_header(archive, entry) }
    var written = 0
    while status == ARCHIVE_OK, written < bytes.count {
      let count = bytes.withUnsafeBytes {
        archive_write_data(archive, $0.baseAddress?.advanced(by: written), bytes.count - written)
      }
      if count <= 0 { status = ARCHIVE_FATAL } else { written += count }
    }
    if status == ARCHIVE_OK { status = archive_write_close(archive) }
    guard status == ARCHIVE_OK else {
      throw BytesError(.tooLarge, archive_error_string(archive).map { String(cString: $0) } ?? "cannot be packed")
    }
    return output.bytes
  }
}
