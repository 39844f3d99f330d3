import Detectors
import Evidence

/// Gathers what text detectors saw in bytes without records. The same text lies in memory dozens of times: it is one finding,
/// with the places as its evidence.
struct TextFindings {
  /// Longest text that a detection may span across the border of two windows.
  static let overlap = 16 << 10
  /// Places kept of one text; more are only counted.
  static let places = 32
  /// Distinct texts kept; a hostile dump could hold millions.
  static let texts = 20_000

  private struct Key: Hashable {
    var rule: String
    var text: String
  }

  private let artifact: Digest
  private var order: [Key] = []
  private var found: [Key: (detection: TextDetection, places: [Locator], count: Int)] = [:]
  private var dropped = 0

  init(artifact: Digest) { self.artifact = artifact }

  mutating func add(_ detection: TextDetection, at place: Locator) {
    let key = Key(rule: detection.rule, text: Self.sameness(detection))
    if let known = found[key] {
      if known.places.count < Self.places { found[key]?.places.append(place) }
      found[key]?.count += 1
      return
    }
    guard order.count < Self.texts else {
      dropped += 1
      return
    }
    order.append(key)
    found[key] = (detection, [place], 1)
  }

  /// What makes two texts the same finding: a lookup's normal form; a shell's way and far end, since memory holds its command
  /// line in fragments, each begun and cut elsewhere.
  private static func sameness(_ detection: TextDetection) -> String {
    switch detection.kind {
    case .reverseShell, .bindShell:
      "\(detection.technique ?? "") \(detection.host ?? "") \(detection.port.map(String.init) ?? "")"
    case .log4shell, .behaviour: detection.decoded ?? detection.raw
    }
  }

  func report(into sink: any ResultSink) {
    for key in order {
      guard let (detection, places, count) = found[key] else { continue }
      sink.finding(
        detection.finding(
          evidence: places.map { EvidenceReference(artifact: artifact, locator: $0) }, occurrences: count))
    }
    if dropped > 0 {
      sink.coverage(
        Coverage(.scanned, 0..<0, reason: "\(dropped) more hits of text detectors are not listed one by one"))
    }
  }
}
