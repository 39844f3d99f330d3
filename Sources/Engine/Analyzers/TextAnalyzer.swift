import Bytes
import Detectors
import Evidence

/// Searches an artifact of no known format for what the text detectors know, in windows, plain and in UTF-16.
struct TextAnalyzer: Analyzer {
  let name = "text"

  func version(options: [String: String]) -> String { "2.\(TextDetectors.version)" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let stream = try surroundings.decoded(unit.artifact)
    var found = TextFindings(artifact: unit.artifact)
    let window = WindowedStream(stream, size: 4 << 20, overlap: TextFindings.overlap)
    while let part = try window.next() {
      for detection in TextDetectors.scan(part.bytes, .bytes) + WideText.detections(in: part.bytes)
      where detection.range.lowerBound < part.ownCount {
        let offset = part.offset + UInt64(detection.range.lowerBound)
        found.add(
          detection,
          at: Locator(offset: offset, length: UInt64(detection.range.count), encodings: stream.encodings))
      }
    }
    found.report(into: result)
    let reason = stream.damage.map { "no parser knows this format; the stream is damaged: \($0)" }
    result.coverage(
      Coverage(
        .scanned, 0..<window.offset, encodings: stream.encodings, reason: reason ?? "no parser knows this format"))
  }
}
