import Bytes
import Evidence
import Testing

@testable import LogParse

/// What cloud-init's stages and apt's runs printed.
@Suite struct RunOutputTests {
  @Test func stagesOfCloudInit() throws {
    let text = """
      Generating public/private rsa key pair.
      Cloud-init v. 22.2.2 running 'init-local' at Wed, 25 Nov 2026 05:10:02 +0900. Up 5.12 seconds.
      + curl http://203.0.113.66/i.sh
      Cloud-init v. 22.2.2 finished at Wed, 25 Nov 2026 05:10:20 +0900. Datasource DataSourceEc2Local.  Up 23.00 seconds
      late

      """
    let dump = try EventDump(text, path: "var/log/cloud-init-output.log")
    #expect(dump.format == "linux.run_output" && dump.coverages.map(\.state) == [.parsed])
    #expect(
      dump.events.map { $0.time?.description }
        == [
          nil, "2026-11-25T05:10:02+09:00", "2026-11-25T05:10:02+09:00", "2026-11-25T05:10:20+09:00", nil,
        ].map { $0.flatMap { Timestamp(iso8601: $0)?.description } })
    #expect(dump.events.map { $0.text("stage") } == [nil, "init-local", "init-local", "finished", nil])
    #expect(dump.events.map { $0.text("time_of") } == [nil, nil, "the run's begin", nil, nil])
    #expect(dump.events.map(\.timeMeaning) == [.recorded, .start, .recorded, .end, .recorded])
    #expect(dump.events[2].text("text") == "+ curl http://203.0.113.66/i.sh" && dump.events[2].locator.line == 3)
  }

  @Test func runsOfApt() throws {
    let text = "\nLog started: 2026-11-25  05:20:12\nSetting up nmap ...\nLog ended: 2026-11-25  05:20:15\n"
    let dump = try EventDump(text, path: "var/log/apt/term.log", zone: .inferred(540))
    #expect(dump.format == "linux.run_output")
    #expect(dump.events.map { $0.text("program") } == ["apt", "apt", "apt"])
    #expect(dump.events.map { $0.time?.zone } == [.inferred(540), .inferred(540), .inferred(540)])
    #expect(
      dump.events[1].time
        == Timestamp(iso8601: "2026-11-25T05:20:12+09:00").map {
          Timestamp(nanoseconds: $0.nanoseconds, precision: .second, zone: .inferred(540))
        })
  }

  @Test(arguments: [
    "Cloud-init v. 22.2.2 running\n", "Log started: yesterday\n", "Cloud-init is great at Wed, 25 Nov 2026\n",
  ])
  func whatIsNone(_ line: String) {
    #expect(EventDump.recognize(Array(line.utf8), path: "x.log")?.name != "linux.run_output")
  }
}
