import ArtifactStore
import Bytes
import Engine
import Evidence
import MemoryParse
import Report

/// Bytes of evidence for the page, out of the store. Only what is near: a report must not take as long as an analysis.
struct StoreExcerpts: ExcerptSource {
  /// A compressed artifact is read from its beginning; further in than this nobody waits for it.
  private static let farthest: UInt64 = 64 << 20

  private let store: ArtifactStore
  /// Opening an image reads all of its headers, so it is done once.
  private var images: [Digest: any MemoryImage] = [:]

  init(_ store: ArtifactStore) { self.store = store }

  mutating func bytes(at place: EvidenceReference, before: Int, count: Int) -> (
    bytes: [UInt8], start: UInt64, before: Int
  )? {
    let locator = place.locator
    if let physical = locator.physical {
      guard let image = image(place.artifact) else { return nil }
      let ahead = min(UInt64(max(before, 0)), physical)
      var bytes = [UInt8](repeating: 0, count: Int(ahead) + max(count, 0))
      let read = bytes.withUnsafeMutableBytes { image.read(physical: physical - ahead, into: $0) }
      return (Array(bytes.prefix(max(read, 0))), physical - ahead, Int(ahead))
    }
    guard let offset = locator.offset, locator.encodings.isEmpty || offset < Self.farthest else { return nil }
    let ahead = min(UInt64(max(before, 0)), offset)
    var wide = locator
    wide.offset = offset - ahead
    guard
      let found = try? EvidenceBytes.read(place.artifact, wide, length: ahead + UInt64(max(count, 0)), in: store)
    else { return nil }
    return (found.bytes, offset - ahead, Int(ahead))
  }

  private mutating func image(_ artifact: Digest) -> (any MemoryImage)? {
    if let known = images[artifact] { return known }
    guard let file = try? store.objects.open(artifact), let (image, _) = try? MemoryImages.reopen(file) else {
      return nil
    }
    images[artifact] = image
    return image
  }
}
