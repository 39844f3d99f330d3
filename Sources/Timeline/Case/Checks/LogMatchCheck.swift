import Bytes
import Evidence

/// Matches of YARA rules in logs and histories.
///
/// A rule says what a file is. A log holds what clients sent and people typed, refused requests among it: there a match says
/// that somebody tried, which is what the detectors of events judge by what came of it. It is no more than medium then.
enum LogMatchCheck {
  /// Formats whose text others write. Not the host's own settings, such as crontabs, which do what they say.
  private static let logs = [
    "aws.", "web.", "app.", "linux.syslog", "linux.journal", "linux.audit", "linux.sudo_log", "linux.bash_history",
    "linux.zsh_history", "linux.fish_history", "linux.client_history", "linux.ftp", "capture.history",
  ].map { "log/\($0)" }

  static func settle(_ findings: [Finding], artifacts: [ArtifactRecord]) -> [Finding] {
    guard findings.contains(where: isGrave) else { return findings }
    let written = Set(
      artifacts.lazy.filter { one in logs.contains { one.kind.hasPrefix($0) } }.map(\.digest))
    return findings.map { finding in
      guard isGrave(finding), let place = finding.evidence.first, written.contains(place.artifact) else {
        return finding
      }
      var settled = finding
      settled.severity = .medium
      settled.message += " It stands in a log: what was sent or typed, not what the host holds."
      return settled
    }
  }

  private static func isGrave(_ finding: Finding) -> Bool {
    finding.severity > .medium && finding.rule.hasPrefix("yara:")
  }
}
