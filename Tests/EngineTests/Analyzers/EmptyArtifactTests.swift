@testable import Engine
import Testing

struct EmptyArtifactTests {
  @Test(arguments: [
    "var/log/messages", "a/command/history_output.txt", "a/command/find_output.txt", "a/notes/ps_output.txt", "", "/",
    ".gz/x",
    "waf/2026/marker", "x.log", "a/command/ps_output",
  ])
  func mostAreWhatTheyAre(path: String) {
    let coverage = EmptyArtifact.coverage(path: path)
    #expect(coverage.state == .parsed && coverage.reason == "empty file")
  }

  @Test(arguments: [
    "memory/host.lime", "memory/anything", "i/t/Memory/host", "host.LIME", "logs/a.json.gz", "c.zip",
    "a/command/ps_output.txt",
    "a/command/date.txt", "a/command/netstat_rn_route_output.txt",
  ])
  func someCanOnlyHaveBeenLost(path: String) {
    let coverage = EmptyArtifact.coverage(path: path)
    #expect(coverage.state == .skipped && coverage.reason?.hasPrefix("is empty, so collecting it failed: ") == true)
  }
}
