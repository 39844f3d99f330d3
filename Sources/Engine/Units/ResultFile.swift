import ArtifactStore
import Bytes
import Detectors
import Evidence

/// The sink that every analyzer writes into: canonical JSON Lines on the way to becoming an object of the store.
public final class ResultFile: ResultSink {
  private var out = JSONWriter()
  private let writer: ObjectWriter
  private var failure: StoreError?
  /// Told of every event, once it is written.
  var onEvent: ((Event) -> Void)?

  public init(_ store: ArtifactStore) throws(StoreError) { writer = try store.objects.newObject(durable: false) }

  public func event(_ event: Event) {
    ResultLine.write(event, to: &out)
    flush()
    onEvent?(event)
  }

  public func finding(_ finding: Finding) {
    ResultLine.write(finding, to: &out)
    flush()
  }

  public func coverage(_ coverage: Coverage) {
    ResultLine.write(coverage, to: &out)
    flush()
  }

  public func row(view: String, json: [UInt8]) {
    ResultLine.write(view: view, row: json, to: &out)
    flush()
  }

  /// A line of the engine's own: `kind` names it, `body` writes its members.
  func line(_ kind: String, _ body: (inout JSONWriter) -> Void) {
    out.object { out in out.field(kind, object: body) }
    out.newline()
    flush()
  }

  private func flush(always: Bool = false) {
    guard failure == nil, always || out.count > 1 << 18 else { return }
    out.withUnsafeBytes { bytes in
      do throws(StoreError) { try writer.write(bytes) } catch { failure = error }
    }
    out.removeAll()
  }

  /// - Throws: what went wrong while writing, now or before.
  public func finish() throws(StoreError) -> ObjectStore.Stored {
    flush(always: true)
    if let failure { throw failure }
    return try writer.finish()
  }
}

/// Runs event detectors over everything that a parser hands on, so that neither knows of the other.
final class DetectingSink: ResultSink {
  private let target: any ResultSink
  private let artifact: Digest
  private let detectors: [any EventDetector]
  /// Made once: a closure for each detector and event is a tenth of the time.
  private let report: (Finding) -> Void

  init(_ target: any ResultSink, artifact: Digest) {
    self.target = target
    self.artifact = artifact
    report = target.finding
    detectors = DetectorCatalog.makeEventDetectors(artifact: artifact)
  }

  func event(_ event: Event) {
    target.event(event)
    for detector in detectors { detector.inspect(event, report) }
  }

  /// A parser does not know its artifact's name; here it gets it.
  func finding(_ finding: Finding) {
    var finding = finding
    for index in finding.evidence.indices where finding.evidence[index].artifact == .unnamed {
      finding.evidence[index].artifact = artifact
    }
    target.finding(finding)
  }

  func coverage(_ coverage: Coverage) { target.coverage(coverage) }
  func row(view: String, json: [UInt8]) { target.row(view: view, json: json) }

  func finish() {
    for detector in detectors { detector.finish(report) }
  }
}
