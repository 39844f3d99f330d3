/// Bytes that are kept for later and seldom read: beyond a little they wait in a temporary file.
public final class SpilledBytes {
  public struct Place: Hashable, Sendable {
    var offset: UInt64
    var count: UInt32
  }

  private var memory: [UInt8] = []
  /// Holds all that came before what is in memory.
  private var file: TemporaryFile?
  private var filed: UInt64 { file?.byteCount ?? 0 }
  private let limit: Int

  /// - Parameter limit: bytes kept in memory.
  public init(limit: Int = 1 << 20) { self.limit = limit }

  /// - Returns: nil where the disk takes no more.
  public func append(_ bytes: UnsafeRawBufferPointer) -> Place? {
    guard let count = UInt32(exactly: bytes.count), memory.count + bytes.count <= limit || flush() else { return nil }
    let place = Place(offset: filed + UInt64(memory.count), count: count)
    memory.append(contentsOf: bytes)
    return place
  }

  /// nil where they cannot be read back.
  public func bytes(_ place: Place) -> [UInt8]? {
    let count = Int(place.count)
    guard place.offset < filed else {
      let start = Int(clamping: place.offset - filed)
      return start + count <= memory.count ? Array(memory[start..<start + count]) : nil
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = file?.read(into: UnsafeMutableRawBufferPointer(buffer), at: place.offset) ?? 0
    }
    return bytes.count == count ? bytes : nil
  }

  private func flush() -> Bool {
    do {
      let file = try file ?? TemporaryFile()
      self.file = file
      try memory.withUnsafeBytes { try file.append($0) }
    } catch {
      return false
    }
    memory.removeAll(keepingCapacity: true)
    return true
  }
}
