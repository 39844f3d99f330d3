import ArtifactStore
import Bytes
import CPlatform
import Evidence
import Foundation

/// The worker's side of the protocol: units in as JSON Lines, one answer line for each.
///
/// In: `{"unit":{"analyzer":…,"artifact":…,"options":{…},"version":…}}` (see `Unit`), with `"base":FINGERPRINT` where an older
/// rule set's result may be brought up to date, `"audit":true` where the result is wanted from nothing and filed nowhere, and
/// `"wide":true` where cores are idle, `"also":{…}` for a unit that asks rules of this one's events, which then need not be read back.
/// Out: `{"unit":KEY,"result":DIGEST}`, with `"also":DIGEST` where that unit was computed too, or `{"unit":KEY,"failed":"why"}`, with `"damaged":true` when the artifact's object is
/// gone or not what its name says, `"full":true` when the store cannot be written. The result itself is in the store before
/// the answer is written. A pool, a job array and a distributed engine's pipe all drive this one loop.
public struct Worker {
  private let surroundings: Surroundings

  public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

  /// Runs until standard input ends.
  public func run(input: any ByteStream, output: Int32) throws(BytesError) {
    let lines = LineReader(input, limit: 1 << 20)
    while let line = try lines.next() {
      if line.bytes.trimmed.isEmpty { continue }
      let answer = answer(line.bytes)
      guard writeAll(answer, to: output) else { return }
    }
  }

  func answer(_ line: ByteView) -> [UInt8] {
    var out = JSONWriter()
    let request = JSONView(line)
    guard let unit = request["unit"].flatMap(Unit.init(json:)) else {
      out.object { $0.field("failed", "not a unit of work") }
      out.newline()
      return out.bytes
    }
    out.object { out in
      out.field("unit", unit.key.hex)
      do {
        let isAudit = request["audit"]?.bool ?? false
        let base = request["base"]?.string.flatMap(Digest.init(hex:))
        surroundings.hasSpareCores = request["wide"]?.bool ?? false
        let also = request["also"].flatMap(Unit.init(json:))
        let computed = try compute(unit, from: base, isAudit: isAudit, also: also)
        out.field("result", computed.result.hex)
        out.field("also", computed.also?.hex)
      } catch {
        out.field("failed", "\(error)")
        switch (error as? StoreError)?.code {
        case .integrity: out.field("damaged", true)
        case .cannotWrite: out.field("full", true)
        default: break
        }
      }
    }
    out.newline()
    return out.bytes
  }

  /// The results' digests; computed only where the store does not have the first.
  private func compute(
    _ unit: Unit, from base: Digest?, isAudit: Bool, also next: Unit?
  ) throws -> (result: Digest, also: Digest?) {
    // Whoever drives this worker: what is damaged is never read.
    try surroundings.store.verified.require(unit.artifact)
    if unit.analyzer == IntegrityCheck.name { return (unit.artifact, nil) }
    if !isAudit, let known = KnownResults.result(of: unit, in: surroundings.store),
      (try? surroundings.store.verified.require(known)) != nil
    {
      return (known, nil)
    }
    guard let analyzer = Analyzers.named(unit.analyzer) else {
      throw BytesError(.cannotRead, "this version has no analyzer \(unit.analyzer)")
    }
    if isAudit {
      let result = try ResultFile(surroundings.store)
      try analyzer.run(unit, surroundings, into: result)
      return (try result.finish().digest, nil)
    }
    // The second time, what was in the way of the result is not any more.
    for _ in 0..<2 {
      if let computed = try compute(unit, analyzer, from: base, also: next) { return computed }
    }
    throw StoreError(.cannotWrite, "the store's object of the result is damaged, and so is what takes its place")
  }

  /// nil where the result's object was there and damaged.
  private func compute(
    _ unit: Unit, _ analyzer: any Analyzer, from base: Digest?, also next: Unit?
  ) throws -> (result: Digest, also: Digest?)? {
    let store = surroundings.store
    if let stored = try update(unit, analyzer, from: base) {
      return try KnownResults.file(stored, of: unit, in: store).map { ($0, nil) }
    }
    let result = try ResultFile(store)
    let follower = next.flatMap { Follower($0, surroundings, result) }
    try analyzer.run(unit, surroundings, into: result)
    guard let digest = try KnownResults.file(result.finish(), of: unit, in: store) else { return nil }
    // After the events that it is made of: whoever finds the one finds the other.
    return (digest, try follower.flatMap { try KnownResults.file($0.finish(), of: $0.unit, in: store) })
  }

  /// A unit that is computed from the events of another while that one writes them.
  private struct Follower {
    let unit: Unit
    private let sigma: SigmaFollower
    private let result: ResultFile

    /// nil where it cannot be begun: computed by itself, it says why.
    init?(_ unit: Unit, _ surroundings: Surroundings, _ events: ResultFile) {
      guard let result = try? ResultFile(surroundings.store),
        let sigma = try? SigmaFollower(unit, surroundings, into: result)
      else { return nil }
      events.onEvent = sigma.take
      self.unit = unit
      self.sigma = sigma
      self.result = result
    }

    func finish() throws(StoreError) -> ObjectStore.Stored {
      sigma.finish()
      return try result.finish()
    }
  }

  /// nil where the older result cannot be built upon.
  private func update(_ unit: Unit, _ analyzer: any Analyzer, from base: Digest?) throws -> ObjectStore.Stored? {
    guard let base, let analyzer = analyzer as? any UpdatingAnalyzer,
      let (update, older) = try surroundings.update(from: base, for: unit)
    else { return nil }
    let result = try ResultFile(surroundings.store)
    guard try analyzer.update(older, of: unit, update, surroundings, into: result) else { return nil }
    return try result.finish()
  }
}

/// - Returns: false where the other side has gone.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
    if count < 0, errno == EINTR { continue }
    if count <= 0 { return false }
    done += count
  }
  return true
}
