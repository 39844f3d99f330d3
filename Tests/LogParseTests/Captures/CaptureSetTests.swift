import Testing

@testable import LogParse

@Suite struct CaptureSetTests {
  private static let all = [
    "ps_aux_output", "netstat_output", "lsof_output", "last_output", "lastlog_output", "w_output", "lsmod_output",
    "ifconfig_output", "df_mount_output", "uname_output", "date", "history_output", "passwd_output", "free_output",
    "find_output",
  ]

  @Test func aWholeCollectionLacksNothing() {
    #expect(CaptureSet.missing(in: Self.all.map { "i-1/2026/command/\($0).txt" }).isEmpty)
    let others = Self.all.map { $0.replacing("netstat", with: "ss").replacing("ifconfig", with: "ip") }
    #expect(CaptureSet.missing(in: others.map { "command/\($0).txt" }).isEmpty)
  }

  @Test func aLostCaptureIsNamedWithItsFolder() {
    let kept = Self.all.filter { $0 != "lsof_output" && $0 != "date" }
    let missing = CaptureSet.missing(
      in: kept.map { "i-1/a/command/\($0).txt" } + Self.all.map { "i-2/a/command/\($0)" })
    #expect(missing.map(\.folder) == ["i-1/a/command"])
    #expect(missing.first?.what == ["open files (lsof)", "clock (date)"])
  }

  @Test func aCaptureUnderAnotherNameIsNotLost() {
    let kept = Self.all.filter { $0 != "lsof_output" && $0 != "ps_aux_output" }
    let files =
      kept.map { (path: "command/\($0).txt", kind: "") } + [(path: "command/processes.txt", kind: "log/capture.ps")]
    #expect(CaptureSet.missing(in: files).first?.what == ["open files (lsof)"])
  }

  /// Of one program, and no list of sockets.
  @Test func routesAreNoSockets() {
    let kept = Self.all.filter { $0 != "netstat_output" } + ["netstat_rn_route_output", "netstat_-rn"]
    let files = kept.map { (path: "command/\($0).txt", kind: $0.hasPrefix("netstat") ? "log/capture.netstat" : "") }
    #expect(CaptureSet.missing(in: files).first?.what == ["sockets (netstat or ss)"])
    #expect(CaptureSet.missing(in: files + [(path: "command/netstat_-anp.txt", kind: "")]).isEmpty)
  }

  @Test func otherFoldersAreNotJudged() {
    #expect(CaptureSet.missing(in: ["src/command/run.swift", "src/command/show.swift", "x/ps_output.txt"]).isEmpty)
  }
}
