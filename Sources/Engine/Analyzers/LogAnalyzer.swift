import Bytes
import Detectors
import Evidence
import LogParse

/// Reads a log, capture or table into events, and runs the event detectors over them as they come.
struct LogAnalyzer: Analyzer {
  let name = "log"

  func version(options: [String: String]) -> String {
    let format = options["format"].flatMap(LogFormats.named)
    return "2.\(format?.version ?? 0).\(DetectorCatalog.version)"
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    guard let format = unit.options["format"].flatMap(LogFormats.named) else {
      throw BytesError(.cannotRead, "this version has no log format \(unit.options["format"] ?? "")")
    }
    let stream = try surroundings.text(unit.artifact)
    let sink = DetectingSink(result, artifact: unit.artifact)
    let context = PathFacts.context(unit.options)
    // More threads cost a tenth of the work, and shorten it where no other unit wants the core.
    if surroundings.hasSpareCores {
      var steps = sink.steps
      if let follow = result.onEvent {
        result.onEvent = nil
        steps.append { batch in batch.forEachEvent { event, _ in follow(event) } }
      }
      let pipeline = PipelinedSink(steps)
      defer { pipeline.finish() }
      try format.parse(stream, context, into: pipeline)
    } else {
      try format.parse(stream, context, into: sink)
    }
    sink.finish()
  }
}
