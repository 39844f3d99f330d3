import Bytes
import Evidence
import Testing

@testable import LogParse

/// `date`: what is the host's clock, and what only begins like it.
@Suite struct DateCaptureTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func aLogThatBeginsWithADateIsNoClock() {
    for text in [
      "Wed Sep 30 03:00:01 UTC 2026\nbackup started\nWed Sep 30 03:01:01 UTC 2026\nbackup done\n",
      "Wed Sep 30 03:00:01 UTC 2026\nWed Sep 30 03:00:02 UTC 2026\nWed Sep 30 03:00:03 UTC 2026\n",
      "2024. 3. 5 오후 5:20:14 org.apache.catalina.core.StandardService startInternal\n",
      "2024. 3. 5 오후 5:20:14 정보: 시작\n", "Mo 30. Nov 14:27:00 CET 2026 gestartet\n",
    ] { #expect(name(text) != "capture.date", "\(text)") }
    // Two runs of date, and what a collector printed below it.
    #expect(name("Mon Nov 30 05:27:00 UTC 2026\nMon Nov 30 14:27:00 KST 2026\n") == "capture.date")
    #expect(name("Mon Nov 30 05:27:00 UTC 2026\nup 3 days\n", "command/date.txt") == "capture.date")
  }

  @Test func aDateOnTheHostsDiskIsAnyFiles() {
    for path in ["[root]/etc/build-date", "etc/build-date", "root.tar!/var/log/date.log", "[root]/home/ops/date.txt"] {
      #expect(name("2026-08-01 00:00:01\n", path) != "capture.date", "\(path)")
      #expect(!CapturePlace.tellsClock(path), "\(path)")
    }
    for path in ["live_response/system/date.txt", "srv/case/command/x.txt", "web-1_date_output.txt", "uac.log"] {
      #expect(CapturePlace.tellsClock(path), "\(path)")
    }
    #expect(!CapturePlace.tellsClock("x/candidate.txt") && !CapturePlace.tellsClock("x/notes.txt"))
  }

  @Test(arguments: [
    ("Mo 30. Nov 14:27:00 CET 2026", 60), ("lun. 30 nov. 2026 14:27:00 CET", 60), ("lun 30 nov 2026 14:27:00 CET", 60),
    ("lun nov 30 14:27:00 CET 2026", 60), ("Mon 30 Nov 14:27:00 CET 2026", 60), ("Mi 30. Dez 14:27:00 CET 2026", 60),
    ("2026년 11월 30일 월요일 오후 02시 27분 00초 KST", 540), ("2026年 11月 30日 月曜日 14:27:00 JST", 540),
  ])
  func otherLanguages(_ text: String, _ minutes: Int64) throws {
    let dump = try EventDump("\(text)\n", path: "date.txt")
    #expect(dump.format == "capture.date" && dump.events.first?.integer("zone_minutes") == minutes)
    let hour = minutes == 60 ? "13" : "05"
    #expect(dump.events.first?.time?.description.hasSuffix("-30T\(hour):27:00Z") ?? false)
  }

  /// Cat-Scale's, which asks for UTC: the host's own zone is not known by it.
  @Test func dateBehindItsName() throws {
    let dump = try EventDump(
      "Date : Wed Nov 25 05:27:49 2026 +00:00\n", path: "System_Info/web-1-host-date-timezone.txt")
    #expect(dump.format == "capture.date" && dump.events.first?.time?.description == "2026-11-25T05:27:49Z")
    #expect(dump.events.first?.integer("zone_minutes") == nil)
    let local = try EventDump("Date : Wed Nov 25 14:27:49 KST 2026\n", path: "x-host-date-timezone.txt")
    #expect(local.events.first?.integer("zone_minutes") == 540)
    #expect(local.events.first?.time?.description == "2026-11-25T05:27:49Z")
    #expect(name("Date : Date : Wed Nov 25 05:27:49 2026\n") != "capture.date")
    #expect(name("Date: soon\n") != "capture.date")
  }

  @Test func whatIsNoDate() {
    for text in [
      "lun 32 nov 2026 14:27:00 CET", "xyz 30 nov 2026 14:27:00 CET", "lun 30 nov 14:27:00", "lun 30 nov 2026",
    ] {
      #expect(name(text + "\n") != "capture.date", "\(text)")
    }
  }
}
