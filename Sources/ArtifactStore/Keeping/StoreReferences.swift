import Bytes
import Evidence

/// Which objects of the store are there for a reason: the artifacts of cases, results over them, what results name (members of
/// archives), and what packed objects rest on. Everything else can be removed.
public struct StoreReferences {
  /// Artifacts, members and results, in no order.
  public private(set) var contents: Set<Digest> = []
  /// The same with the objects whose pages packed ones share.
  public private(set) var objects: Set<Digest> = []
  /// Keys of results that are of use, by artifact and analyzer.
  private(set) var results: [ResultLedger.Line] = []
  /// Entries of the ledger whose artifact nobody names any more, or whose result is gone.
  private(set) var idle: [ResultLedger.Line] = []

  /// - Parameter cases: whose references count; nil for all.
  public init(_ store: ArtifactStore, cases: [String]? = nil) throws(StoreError) {
    var waiting: [Digest] = []
    // The same bytes may be a result and an artifact: nothing at all is often both.
    var artifacts: Set<Digest> = []
    var names = cases ?? []
    if cases == nil { names = try store.cases.cases() }
    for name in names {
      for sighting in try store.cases.sightings(of: name) where artifacts.insert(sighting.digest).inserted {
        waiting.append(sighting.digest)
      }
    }
    var lines: [Digest: [ResultLedger.Line]] = [:]
    store.results.forEach { lines[$0.artifact, default: []].append($0) }
    while let artifact = waiting.popLast() {
      for line in lines.removeValue(forKey: artifact) ?? [] {
        guard store.objects.contains(line.result) else {
          idle.append(line)
          continue
        }
        results.append(line)
        contents.insert(line.result)
        for digest in Self.digests(in: line, store) where artifacts.insert(digest).inserted { waiting.append(digest) }
      }
    }
    idle += lines.values.joined()
    contents.formUnion(artifacts)
    objects = contents.union(contents.compactMap { store.objects.base(of: $0) })
    results.sort { ($0.artifact, $0.analyzer, $0.key) < ($1.artifact, $1.analyzer, $1.key) }
  }

  /// Objects that a result makes: its `member` lines.
  private static func digests(in line: ResultLedger.Line, _ store: ArtifactStore) -> [Digest] {
    guard line.analyzer == "expand", let lines = try? ObjectLines(of: line.result, in: store.objects) else { return [] }
    var all: [Digest] = []
    let mark: StaticString = #""digest":""#
    while let text = try? lines.next() {
      guard let found = text.firstIndex(of: ByteView(mark)) else { continue }
      let place = found + mark.utf8CodeUnitCount
      if let digest = Digest(hex: text.slice(place, place + 64).string), store.objects.contains(digest) {
        all.append(digest)
      }
    }
    return all
  }
}
