import Bytes
import Evidence
import Testing

@testable import LogParse

/// Logs of Kubernetes' own programs.
@Suite struct KlogTests {
  private let text = """
    I1231 23:59:58.245678    1234 kubelet.go:99] "Starting kubelet"
    E0101 00:00:01.000001    1234 pod_workers.go:951] "Error syncing pod" err="203.0.113.66"
      a second line
    F0102 00:00:02.500000       1 main.go:1] gone

    """

  @Test func yearsComeFromTheCapture() throws {
    let dump = try EventDump(text, path: "var/log/kubelet.log", collected: Timestamp(iso8601: "2026-01-05T00:00:00Z"))
    #expect(dump.format == "app.klog" && dump.coverages.map(\.state) == [.parsed])
    #expect(
      dump.events.map { $0.time?.description } == [
        "2025-12-31T23:59:58.245678Z", "2026-01-01T00:00:01.000001Z", "2026-01-02T00:00:02.500000Z",
      ])
    #expect(dump.events.map { $0.text("level") } == ["INFO", "ERROR", "FATAL"])
    #expect(dump.events.map { $0.text("year") } == ["inferred", "inferred", "inferred"])
    #expect(dump.events[1].text("text")?.hasSuffix("\n  a second line") == true && dump.events[1].integer("lines") == 2)
    #expect(dump.events[0].text("thread") == "1234" && dump.events[0].time?.zone == .inferred(0))
  }

  @Test func withoutTheCapturesTimeThereIsNone() throws {
    let dump = try EventDump(text, path: "x.log", collected: nil)
    #expect(dump.events.count == 3 && dump.events.allSatisfy { $0.time == nil && $0.text("year") == nil })
  }

  @Test(arguments: [
    "I1325 05:20:12.245678    1234 kubelet.go:99] x\n", "I1125 05:20:12.245678 words go on\n",
    "INFO 05:20:12.245 x] y\n", "I1125 05:20:12 1234 a.go:1] x\n",
  ])
  func whatIsNone(_ line: String) {
    #expect(EventDump.recognize(Array(line.utf8), path: "x.log")?.name != "app.klog")
  }
}
