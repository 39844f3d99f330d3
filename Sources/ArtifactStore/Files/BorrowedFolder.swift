import Bytes
import Foundation

/// A folder beside the machine's other temporary files, for what a store that is only read cannot keep. Nobody else may look into it.
/// Made by whoever first needs it; removed, with all in it, when it is let go.
final class BorrowedFolder: Sendable {
  let path: String

  init() {
    let place = NSTemporaryDirectory() as NSString
    path = place.appendingPathComponent("ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))")
  }

  func make() throws(StoreError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    throw StoreError(.cannotWrite, "cannot make the folder \(path): \(systemMessage()); set TMPDIR to one with room")
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  deinit { remove() }
}
