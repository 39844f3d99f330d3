import ArtifactStore
import CPlatform
import Engine
import Evidence

/// Keeps what a case brought in less room, once nobody reads it for the moment.
struct CasePacking {
  private let store: ArtifactStore
  private let progress: ProgressLine

  /// Text below this gains nothing worth a file of another form.
  private static let smallestText: UInt64 = 1 << 16

  struct Saved {
    var objects = 0
    var byteCount: UInt64 = 0
  }

  init(_ store: ArtifactStore, _ progress: ProgressLine) {
    self.store = store
    self.progress = progress
  }

  /// - Parameter more: images that analysis found inside other artifacts.
  func run(_ cases: [String], compress: Bool = false, more: [(digest: Digest, path: String, byteCount: UInt64)] = [])
    throws -> Saved
  {
    let sightings = try cases.flatMap { try store.cases.sightings(of: $0) }
    let files = sightings.map { (digest: $0.digest, path: $0.path, byteCount: $0.byteCount) } + more
    let images = files.filter { $0.byteCount >= ImageLayout.minimumSize }
    var saved = Saved()
    var entries: [CustodyLog.Entry] = []
    // Recorded whatever ends it.
    defer { try? store.custody.append(entries, tool: IRAnalyze.tool) }
    let whole = images.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    var done: UInt64 = 0
    // An image's name counts only for bare memory, and then for its bases too.
    let names = Dictionary(try allNames(images), uniquingKeysWith: { first, _ in first })
    for file in images where platform_interrupted() == 0 {
      let outcome = try store.objects.pack(
        file.digest,
        layout: { object in ImageLayout.runs(of: object, name: names[object.byteCount] ?? file.path) },
        onProgress: { count in
          done &+= UInt64(count)
          progress.update(done: done, of: whole, "")
        })
      guard case .packed(let base, let before, let after) = outcome else { continue }
      saved.objects += 1
      saved.byteCount &+= before > after ? before - after : 0
      entries.append(
        .init(
          "pack", digest: file.digest,
          [
            Attribute("against", base.hex), Attribute("disk_bytes_before", Int64(clamping: before)),
            Attribute("disk_bytes_after", Int64(clamping: after)),
          ]))
    }
    guard compress else { return saved }
    for one in sightings
    where one.byteCount >= Self.smallestText && one.type.hasPrefix("text/") && platform_interrupted() == 0 {
      guard let bytes = try store.objects.compress(one.digest) else { continue }
      saved.objects += 1
      saved.byteCount &+= bytes
      entries.append(.init("compress", digest: one.digest, [Attribute("disk_bytes_saved", Int64(clamping: bytes))]))
    }
    return saved
  }

  /// Names by length: two bare images of one host have the same.
  private func allNames(_ images: [(digest: Digest, path: String, byteCount: UInt64)]) throws -> [(UInt64, String)] {
    guard !images.isEmpty else { return [] }
    let sizes = Set(images.map(\.byteCount))
    return try store.cases.cases().flatMap { try store.cases.sightings(of: $0) }.filter { sizes.contains($0.byteCount) }
      .map { ($0.byteCount, $0.path) }
  }
}
