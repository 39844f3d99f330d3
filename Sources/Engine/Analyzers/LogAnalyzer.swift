import Bytes
import Detectors
import Evidence
import LogParse

/// Reads a log, capture or table into events, and runs the event detectors over them as they come.
struct LogAnalyzer: Analyzer {
  let name = "log"

  func version(options: [String: String]) -> String {
    let format = options["format"].flatMap(LogFormats.named)
    return "4.\(format?.version ?? 0).\(DetectorCatalog.version)"
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    guard let format = unit.options["format"].flatMap(LogFormats.named) else {
      throw BytesError(.cannotRead, "this version has no log format \(unit.options["format"] ?? "")")
    }
    let context = PathFacts.context(unit.options)
    let sink = DetectingSink(result, artifact: unit.artifact)
    let stream = try surroundings.text(unit.artifact)
    guard surroundings.hasSpareCores else { return try Self.read(format, stream, context, into: sink) }
    var more: [PipelinedSink.Step] = []
    if let follow = result.onEvent {
      result.onEvent = nil
      more.append { batch in batch.forEachEvent { event, _ in follow(event) } }
    }
    try Self.read(format, stream, context, into: sink, steps: sink.steps + more)
  }

  /// - Parameter steps: what `sink` does, as steps on threads of their own. More threads cost a tenth of the work, and shorten
  ///   it where nothing else wants the core.
  static func read(
    _ format: any LogFormat, _ stream: any ByteStream, _ context: ParseContext, into sink: DetectingSink,
    steps: [PipelinedSink.Step] = []
  ) throws {
    let stream: any ByteStream = try LineEndStream(stream)
    if steps.isEmpty {
      try format.parse(stream, context, into: SummerTimeSink.around(sink, context))
    } else {
      let pipeline = PipelinedSink(steps)
      defer { pipeline.finish() }
      // What is not compressed is read as fast as it is copied.
      let ahead = stream.encodings.isEmpty ? stream : ReadAheadStream(stream)
      try format.parse(ahead, context, into: SummerTimeSink.around(pipeline, context))
    }
    sink.finish()
  }
}
