import Bytes
import CMagic
import Foundation

/// libmagic's word for what bytes are. One handle, one caller at a time.
public final class ContentType {
  private let handle: magic_t?

  public init() {
    handle = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF | MAGIC_ERROR)
    guard let handle else { return }
    // Without a database libmagic answers nothing, and so do we.
    if let own = Self.ownDatabase, magic_load(handle, own) == 0 { return }
    _ = magic_load(handle, nil)
  }

  /// The database that comes with an installed program, whose version is the library's: the same answers on every machine.
  private static let ownDatabase: String? = {
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    let root = URL(fileURLWithPath: program).deletingLastPathComponent().appendingPathComponent("../..").standardized
    let path = root.appendingPathComponent("share/ir-analyze/magic.mgc").path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

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
