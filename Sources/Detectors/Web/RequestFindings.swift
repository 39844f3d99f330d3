import Bytes
import Evidence

/// Findings of requests, those of one client for one path as one. Bounded.
///
/// Knows what the sites answer to what scanners try: where several names that cannot all be there are answered alike, or
/// everything is, an answer is no success.
struct RequestFindings {
  struct Answer {
    var status: Int64
    var size: Int64?
    /// Whether the name itself was guessed.
    var isName: Bool
    /// Whether the path leads out of the web root.
    var climbs: Bool

    var isServed: Bool { (200..<300).contains(status) }
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
    var answer: Answer?
  }

  private struct Site {
    var names: Set<String> = []
    var sizes: Set<Int64> = []
    var isRefusing = false
    /// Whatever was tried there, and was answered.
    var served: Set<String> = []
    /// Which path each size of an answer was first seen with, and those of several.
    var pages: [Int64: String] = [:]
    var shared: Set<Int64> = []

    /// Three shells of different makers on one site, all with the same page; or nothing that was ever refused.
    var answersAlike: Bool {
      !isRefusing && (names.count >= 3 && sizes.count <= 1 || !names.isEmpty && served.count >= 6)
    }

    mutating func take(_ answer: Answer, _ path: String) {
      if answer.isName ? !answer.isServed : answer.status == 404 { isRefusing = true }
      if answer.isName {
        if names.count < 8 { names.insert(path) }
        if let size = answer.size, sizes.count < 8 { sizes.insert(size) }
      }
      guard answer.isServed else { return }
      if served.count < 8 { served.insert(path) }
      guard let size = answer.size else { return }
      if let other = pages[size] {
        if other != path { shared.insert(size) }
      } else if pages.count < 64 {
        pages[size] = path
      }
    }

    /// A file from outside the root, where what is not there is refused and no other page has that size.
    func handsOut(_ answer: Answer) -> Bool {
      isRefusing && answer.climbs && answer.isServed && answer.size.map { $0 > 0 && !shared.contains($0) } ?? false
    }
  }

  private var entries: [Key: Int] = [:]
  private var all: [Entry] = []
  private var sites: [String: Site] = [:]
  private static let maximum = 10_000
  private static let day: Int64 = 24 * 3600 * 1_000_000_000

  mutating func add(_ finding: Finding, path: String, site: String, answer: Answer?, _ report: (Finding) -> Void) {
    if let answer { note(answer, path, site) }
    let key = Key(rule: finding.rule, client: finding.text("client_ip"), path: String(path.prefix(512)))
    let entry = Entry(finding: finding, site: site, answer: answer)
    if let place = entries[key], Self.isNear(all[place].finding, finding) {
      all[place].take(entry)
    } else if all.count < Self.maximum {
      entries[key] = all.count
      all.append(entry)
    } else {
      report(finding)
    }
  }

  private mutating func note(_ answer: Answer, _ path: String, _ site: String) {
    guard sites[site] != nil || sites.count < Self.maximum else { return }
    var known = sites.removeValue(forKey: site) ?? Site()
    known.take(answer, String(path.prefix(512)))
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
      if entry.answer?.isName == true, sites[entry.site]?.answersAlike == true, finding.severity > .medium {
        finding.severity = .medium
        finding.message += " The site answers other names that cannot be there in the same way."
      }
      if let answer = entry.answer, sites[entry.site]?.handsOut(answer) == true, finding.severity == .medium {
        finding.severity = .high
        finding.message += " The site refuses what is not there, and answers nothing else with as many bytes."
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
    if isWorse { answer = other.answer }
    count += 1
  }
}

extension Finding {
  fileprivate func text(_ name: String) -> String {
    attributes.first { $0.name == name }?.value.text ?? ""
  }
}
