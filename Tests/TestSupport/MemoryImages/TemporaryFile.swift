import Bytes
import Foundation

/// Maps some bytes from a file of their own that has no name any more when this returns.
public func mapped(_ bytes: [UInt8]) throws -> MappedFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("image-\(UUID().uuidString)").path
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try MappedFile(path: path)
}
