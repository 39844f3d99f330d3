import ArtifactStore
import Bytes
import CPlatform
import Evidence
import Foundation

/// The worker's side of the protocol: units in as JSON Lines, one answer line for each.
///
/// In: `{"analyzer":…,"artifact":…,"options":{…},"version":…}` (see `Unit`). Out: `{"unit":KEY,"result":DIGEST}` or
/// `{"unit":KEY,"failed":"why"}`, with `"damaged":true` when the artifact's object is gone or not what its name says,
/// `"full":true` when the store cannot be written. The result itself is in the store before the answer is written. A pool, a job array and a
/// distributed engine's pipe all drive this one loop.
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
    guard let unit = Unit(json: JSONView(line)) else {
      out.object { $0.field("failed", "not a unit of work") }
      out.newline()
      return out.bytes
    }
    let key = unit.key
    out.object { out in
      out.field("unit", key.hex)
      do {
        out.field("result", try compute(unit, key).hex)
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

  /// The result's digest; computed only where the store does not have it.
  private func compute(_ unit: Unit, _ key: Digest) throws -> Digest {
    // Whoever drives this worker: what is damaged is never read.
    try surroundings.store.verified.require(unit.artifact)
    if unit.analyzer == IntegrityCheck.name { return unit.artifact }
    if let known = KnownResults.result(of: unit, key, in: surroundings.store) { return known }
    guard let analyzer = Analyzers.named(unit.analyzer) else {
      throw BytesError(.cannotRead, "this version has no analyzer \(unit.analyzer)")
    }
    let result = try ResultFile(surroundings.store)
    try analyzer.run(unit, surroundings, into: result)
    let stored = try result.finish()
    try surroundings.store.results.record(key: key, unit: unit.json, result: stored)
    return stored.digest
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
