import Evidence
import Foundation

extension CaseWork {
  /// The few lines that a person wants when the program ends.
  func tellVerdict(_ report: CaseReport, folder: String) {
    guard !work.quiet else { return }
    var counts: [Severity: Int] = [:]
    for finding in report.findings { counts[finding.severity, default: 0] += 1 }
    let said = Severity.allCases.reversed().compactMap { level in counts[level].map { "\($0) \(level.rawValue)" } }
    Terminal.tell("findings: \(said.isEmpty ? "none" : said.joined(separator: ", "))")
    let totals = report.totals
    Terminal.tell(
      "bytes: \(Terminal.size(totals.parsed)) parsed, \(Terminal.size(totals.scanned)) only searched, "
        + "\(Terminal.size(totals.skipped)) not looked at")
    if !report.isCovered { Terminal.tell("not everything was covered: see the section on coverage in the report") }
    Terminal.tell("open \(folder)/report.html")
  }
}
