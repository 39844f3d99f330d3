import Bytes
import Evidence

/// A file that holds nothing, or only what a command said of its failure.
///
/// There is nothing to read, but silence is not clean: the coverage says why there is nothing.
struct EmptyCapture: LogFormat {
  let name = "capture.empty"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 4096, sample.isText else { return nil }
    return sample.lines(16).allSatisfy { CommandMessage.reason($0) != nil } ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      .skipped(CommandMessage.reason(line.bytes) ?? "line is not of a known format")
    }
  }
}
