import Bytes
import CMagic
import Foundation

/// libmagic's word for what bytes are. One handle, one caller at a time.
public final class ContentType {
  private let handle: magic_t?

  public init() {
    handle = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_ERROR)
    if let handle, magic_load(handle, nil) != 0 { /* without its database libmagic answers nothing, and so do we */  }
  }

  deinit { if let handle { magic_close(handle) } }

  /// MIME type by content: `application/zstd`, `text/plain`; `application/octet-stream` when libmagic does not know.
  ///
  /// - Parameter head: the first bytes; 64 KiB are plenty.
  public func identify(_ head: ByteView) -> String {
    let bytes = head.unsafeBytes
    guard !head.isEmpty else { return "inode/x-empty" }
    guard let handle, let text = magic_buffer(handle, bytes.baseAddress, bytes.count) else {
      return "application/octet-stream"
    }
    return String(cString: text)
  }
}
