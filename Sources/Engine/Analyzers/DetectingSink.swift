import Detectors
import Evidence

/// Runs event detectors over everything that a parser hands on, so that neither knows of the other.
final class DetectingSink: ResultSink {
  private let target: NamingSink
  private let detectors: [any EventDetector]
  /// Those that the data type at hand concerns; most logs have one data type.
  private var concerned: [any EventDetector] = []
  private var dataType: String?
  /// Made once: a closure for each detector and event is a tenth of the time.
  private let report: (Finding) -> Void

  init(_ target: any ResultSink, artifact: Digest) {
    let named = NamingSink(target, artifact: artifact)
    self.target = named
    report = named.finding
    detectors = DetectorCatalog.makeEventDetectors(artifact: artifact)
  }

  func event(_ event: Event) {
    target.event(event)
    inspect(event, report)
  }

  private func inspect(_ event: Event, _ report: (Finding) -> Void) {
    if event.dataType != dataType {
      dataType = event.dataType
      concerned = detectors.filter { type(of: $0).concerns(event.dataType) }
    }
    for detector in concerned { detector.inspect(event, report) }
  }

  func finding(_ finding: Finding) { target.finding(finding) }
  func coverage(_ coverage: Coverage) { target.coverage(coverage) }
  func row(view: String, json: [UInt8]) { target.row(view: view, json: json) }

  func finish() {
    for detector in detectors { detector.finish(report) }
  }

  /// The same as steps of a pipeline: what is found goes along with the events to where they are written.
  var steps: [PipelinedSink.Step] {
    [
      { [self] batch in
        var current = 0
        let report = { batch.add($0, to: current) }
        batch.forEachEvent { event, place in
          current = place
          inspect(event, report)
        }
      },
      { [target] batch in batch.give(to: target) },
    ]
  }
}

/// A parser does not know its artifact's name; here its findings get it.
private final class NamingSink: ResultSink {
  private let target: any ResultSink
  private let artifact: Digest

  init(_ target: any ResultSink, artifact: Digest) {
    self.target = target
    self.artifact = artifact
  }

  func finding(_ finding: Finding) {
    var finding = finding
    for index in finding.evidence.indices where finding.evidence[index].artifact == .unnamed {
      finding.evidence[index].artifact = artifact
    }
    target.finding(finding)
  }

  func event(_ event: Event) { target.event(event) }
  func coverage(_ coverage: Coverage) { target.coverage(coverage) }
  func row(view: String, json: [UInt8]) { target.row(view: view, json: json) }
}
