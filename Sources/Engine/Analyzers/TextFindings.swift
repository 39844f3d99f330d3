import Detectors
import Evidence

/// Gathers what text detectors saw in bytes without records. The same text lies in memory dozens of times: it is one finding,
/// with the places as its evidence.
struct TextFindings {
  /// Longest text that a detection may span across the border of two windows.
  static let overlap = 16 << 10
  /// Places kept of one text; more are only counted.
  static let maximumPlaces = 32
  /// Distinct texts kept; a hostile dump could hold millions.
  static let texts = 20_000

  private struct Key: Hashable {
    var rule: String
    var text: String
  }

  private struct Known {
    var detection: TextDetection
    var places: [Locator]
    var count: Int
    /// In whose memory it lies, in the order in which it was met there.
    var holders: [String]
  }

  /// Names of holders kept of one text.
  static let holders = 16

  private let artifact: Digest
  private var order: [Key] = []
  private var found: [Key: Known] = [:]
  private var dropped = 0

  init(artifact: Digest) { self.artifact = artifact }

  /// - Parameter holder: in whose memory the place is, in a few words.
  mutating func add(_ detection: TextDetection, at place: Locator, holder: String? = nil) {
    let key = Key(rule: detection.rule, text: Self.sameness(detection))
    if var known = found.removeValue(forKey: key) {
      if known.places.count < Self.maximumPlaces { known.places.append(place) }
      known.count += 1
      if let holder, known.holders.count < Self.holders, !known.holders.contains(holder) {
        known.holders.append(holder)
      }
      found[key] = known
      return
    }
    guard order.count < Self.texts else {
      dropped += 1
      return
    }
    order.append(key)
    found[key] = Known(detection: detection, places: [place], count: 1, holders: holder.map { [$0] } ?? [])
  }

  /// Every place kept.
  var places: [Locator] { order.compactMap { found[$0]?.places }.flatMap { $0 } }

  /// What makes two texts the same finding: a lookup's normal form; a shell's way and far end, since memory holds its command
  /// line in fragments, each begun and cut elsewhere.
  private static func sameness(_ detection: TextDetection) -> String {
    switch detection.kind {
    case .reverseShell, .bindShell:
      "\(detection.technique ?? "") \(detection.host ?? "") \(detection.port.map(String.init) ?? "")"
    case .log4shell, .behaviour: detection.decoded ?? detection.raw
    }
  }

  /// - Parameter complete: adds to a place what only the end of the search shows.
  func report(into sink: any ResultSink, completing complete: (Locator) -> Locator = { $0 }) {
    for key in order {
      guard let known = found[key] else { continue }
      var finding = known.detection.finding(
        evidence: known.places.map { EvidenceReference(artifact: artifact, locator: complete($0)) },
        occurrences: known.count)
      if !known.holders.isEmpty {
        finding.attributes.add("held_by", known.holders)
        finding.message += " It lies in the memory of \(known.holders.joined(separator: ", "))"
        finding.message += known.holders.count < Self.holders ? "." : " and maybe others."
      }
      sink.finding(finding)
    }
    if dropped > 0 {
      sink.coverage(
        Coverage(.scanned, 0..<0, reason: "\(dropped) more hits of text detectors are not listed one by one"))
    }
  }
}
