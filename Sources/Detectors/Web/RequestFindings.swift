import Bytes
import Evidence

/// Findings of requests, those of one client for one path as one. Bounded.
///
/// Knows what the sites answer to names that scanners guess: where several that cannot all be there are answered alike, an
/// answer is no success.
struct RequestFindings {
  /// How a guessed name was answered.
  struct Guess {
    var isServed: Bool
    var size: Int64?
  }

  private struct Key: Hashable {
    var rule: String
    var client: String
    var path: String
  }

  fileprivate struct Entry {
    var finding: Finding
    var count = 1
    var site: String
    var guess: Guess?
  }

  private struct Site {
    var paths: Set<String> = []
    var sizes: Set<Int64> = []
    var isRefusing = false

    /// Three shells of different makers on one site, all with the same page.
    var answersAlike: Bool { !isRefusing && paths.count >= 3 && sizes.count <= 1 }
  }

  private var entries: [Key: Int] = [:]
  private var all: [Entry] = []
  private var sites: [String: Site] = [:]
  private static let maximum = 10_000
  private static let day: Int64 = 24 * 3600 * 1_000_000_000

  mutating func add(_ finding: Finding, path: String, site: String, guess: Guess?, _ report: (Finding) -> Void) {
    if let guess { note(guess, path, site) }
    let key = Key(rule: finding.rule, client: finding.text("client_ip"), path: String(path.prefix(512)))
    let entry = Entry(finding: finding, site: site, guess: guess)
    if let place = entries[key], Self.isNear(all[place].finding, finding) {
      all[place].take(entry)
    } else if all.count < Self.maximum {
      entries[key] = all.count
      all.append(entry)
    } else {
      report(finding)
    }
  }

  private mutating func note(_ guess: Guess, _ path: String, _ site: String) {
    guard sites[site] != nil || sites.count < Self.maximum else { return }
    var known = sites.removeValue(forKey: site) ?? Site()
    if !guess.isServed { known.isRefusing = true }
    if known.paths.count < 8 { known.paths.insert(path) }
    if let size = guess.size, known.sizes.count < 8 { known.sizes.insert(size) }
    sites[site] = known
  }

  private static func isNear(_ one: Finding, _ other: Finding) -> Bool {
    guard let first = one.firstSeen, let last = one.lastSeen, let time = other.firstSeen else { return true }
    let (before, isBefore) = first.nanoseconds.subtractingReportingOverflow(time.nanoseconds)
    let (after, isAfter) = time.nanoseconds.subtractingReportingOverflow(last.nanoseconds)
    return !isBefore && !isAfter && before <= day && after <= day
  }

  mutating func finish(_ report: (Finding) -> Void) {
    for entry in all {
      var finding = entry.finding
      if entry.guess != nil, sites[entry.site]?.answersAlike == true, finding.severity > .medium {
        finding.severity = .medium
        finding.message += " The site answers other names that cannot be there in the same way."
      }
      if entry.count > 1 {
        finding.message += " There are \(entry.count) such requests."
        finding.attributes.add("requests", Int64(entry.count))
      }
      report(finding)
    }
    self = RequestFindings()
  }
}

extension RequestFindings.Entry {
  /// The one that says most speaks for all.
  fileprivate mutating func take(_ other: Self) {
    let isWorse = other.finding.severity > finding.severity
    let (worst, lesser) = isWorse ? (other.finding, finding) : (finding, other.finding)
    let times = (
      [finding.firstSeen, other.finding.firstSeen].compactMap { $0 }.min(),
      [finding.lastSeen, other.finding.lastSeen].compactMap { $0 }.max()
    )
    finding = worst
    (finding.firstSeen, finding.lastSeen) = times
    for place in lesser.evidence where finding.evidence.count < 16 { finding.evidence.append(place) }
    if isWorse { guess = other.guess }
    count += 1
  }
}

extension Finding {
  fileprivate func text(_ name: String) -> String {
    attributes.first { $0.name == name }?.value.text ?? ""
  }
}
