import ArtifactStore
import Bytes
import Evidence
import MemoryParse

/// Goes from a locator to the bytes it names.
public enum EvidenceBytes {
  /// - Throws: `integrity` where the artifact's object is damaged; `notFound` where there is none.
  /// - Returns: the bytes and the offset or address of the first; fewer than asked for at the end of the artifact.
  public static func read(
    _ artifact: Digest, _ locator: Locator, length: UInt64, in store: ArtifactStore
  ) throws -> (bytes: [UInt8], offset: UInt64) {
    if store.objects.contains(artifact) { try store.verified.require(artifact) }
    let count = Int(min(length, 1 << 30))
    if let physical = locator.physical {
      let (image, _) = try MemoryImages.reopen(try store.objects.open(artifact))
      // In a process's memory what follows may lie in another page of the machine's.
      if locator.pid != nil, locator.mapping != nil, locator.virtual != nil,
        let bytes = MemorySpaces(image).bytes(at: locator, count: count)
      {
        return (bytes, locator.virtual ?? physical)
      }
      var bytes = [UInt8](repeating: 0, count: count)
      let read = bytes.withUnsafeMutableBytes { image.read(physical: physical, into: $0) }
      return (Array(bytes.prefix(read)), physical)
    }
    let offset = locator.offset ?? 0
    let stream = try FileStream(path: store.objects.path(of: artifact))
    if locator.encodings.isEmpty {
      let file = try store.objects.open(artifact)
      let start = Int(clamping: offset)
      return (file.withView { $0.slice(start, start > Int.max - count ? .max : start + count).array }, offset)
    }
    // A compressed stream has no random access: it is read up to the place.
    let window = WindowedStream(try decoded(stream, locator), size: 1 << 20, overlap: 0)
    var bytes: [UInt8] = []
    while bytes.count < count, let part = try window.next() {
      let end = part.offset + UInt64(part.bytes.count)
      guard end > offset else { continue }
      let start = offset > part.offset ? Int(offset - part.offset) : 0
      bytes += part.bytes.slice(start, start + count - bytes.count).array
    }
    return (bytes, offset)
  }

  /// The bytes in which a place is counted, with all undone that stands between them and the object.
  public static func decoded(_ stream: any ByteStream, _ locator: Locator) throws(BytesError) -> any ByteStream {
    if locator.encodings.isEmpty { return stream }
    let decoded = try DecodedStream(stream)
    return WideTextStream.isNamed(in: locator.encodings) ? try WideTextStream(decoded) : decoded
  }
}
