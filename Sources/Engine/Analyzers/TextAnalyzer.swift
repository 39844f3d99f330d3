import Bytes
import Detectors
import Evidence

/// Searches an artifact of no known format for what the text detectors know, in windows, plain and in UTF-16, and for secrets.
struct TextAnalyzer: Analyzer {
  let name = "text"

  func version(options: [String: String]) -> String { "5.\(TextDetectors.version).\(SecretSearch.version)" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    try Self.search(surroundings.decoded(unit.artifact), artifact: unit.artifact, into: result)
  }

  static func search(_ stream: DecodedStream, artifact: Digest, into result: any ResultSink) throws {
    var found = TextFindings(artifact: artifact)
    var secrets = SecretFindings(artifact: artifact)
    let window = WindowedStream(stream, size: 4 << 20, overlap: TextFindings.overlap)
    var isBlank = true
    while let part = try window.next() {
      if isBlank {
        // A window of NULs holds nothing to find.
        if part.bytes.leadingZeros == part.bytes.count { continue }
        isBlank = false
      }
      func place(_ range: Range<Int>) -> Locator {
        Locator(
          offset: part.offset + UInt64(range.lowerBound), length: UInt64(range.count), encodings: stream.encodings)
      }
      for detection in TextDetectors.scan(part.bytes, .bytes) + WideText.detections(in: part.bytes)
      where detection.range.lowerBound < part.ownCount {
        found.add(detection, at: place(detection.range))
      }
      for secret in SecretSearch.scan(part.bytes) where secret.range.lowerBound < part.ownCount {
        secrets.add(secret, at: place(secret.range))
      }
    }
    found.report(into: result)
    secrets.report(into: result)
    let reason =
      isBlank && window.offset > 0
      ? "nothing but NUL bytes: what was in it is lost, or was never written" : "no parser knows this format"
    result.coverage(Coverage(.scanned, 0..<window.offset, encodings: stream.encodings, reason: reason))
    if let damage = stream.damage {
      result.coverage(
        Coverage(
          .skipped, window.offset..<window.offset, encodings: stream.encodings,
          reason: "the stream ends early, what followed is lost: \(damage)"))
    }
  }
}
