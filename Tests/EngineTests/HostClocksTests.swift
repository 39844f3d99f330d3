import Evidence
import Testing

@testable import Engine

@Suite struct HostClocksTests {
  private func clock(_ time: String, zone: Int64? = nil) -> Event {
    var attributes: [Attribute] = []
    attributes.add("zone_minutes", zone)
    return Event(
      time: Timestamp(iso8601: time), dataType: "linux:host:clock", message: "", attributes: attributes, locator: .whole
    )
  }

  private func zone(_ minutes: Int64) -> Event {
    Event(
      time: nil, dataType: "linux:host:zone", message: "", attributes: [Attribute("zone_minutes", minutes)],
      locator: .whole)
  }

  @Test func oneHostsStatementHoldsForTheWholeCase() {
    var clocks = HostClocks()
    clocks.take(clock("2026-11-25T05:27:49Z", zone: 540), of: "a/command/date.txt")
    #expect(clocks.zone(of: "disk/root.tar.gz!/var/log/syslog") == 540)
    #expect(clocks.collected(of: "disk/root.tar.gz!/var/log/syslog") == 1_795_584_469_000_000_000)
  }

  @Test func theNearestOfSeveralHostsCounts() {
    var clocks = HostClocks()
    clocks.take(zone(540), of: "web/root.tar!/etc/localtime")
    clocks.take(zone(-300), of: "db/root.tar!/etc/localtime")
    #expect(clocks.zone(of: "web/root.tar!/var/log/syslog") == 540)
    #expect(clocks.zone(of: "db/command/last_output.txt") == -300)
    // As near to both: nothing is said rather than something wrong.
    #expect(clocks.zone(of: "mail/syslog") == nil)
  }

  @Test func anInstancesIdTellsItsFilesWhereverTheyLie() {
    var clocks = HostClocks()
    clocks.take(zone(540), of: "i-0b7c4e19d2f35a86e/2026-11-25_14:25:29/command/date.txt")
    clocks.take(zone(0), of: "i-0e5f60718293a4b5c/2026-11-25_14:25:29/command/date.txt")
    #expect(clocks.zone(of: "disk/i-0b7c4e19d2f35a86e-root.tar.gz!/var/log/syslog") == 540)
    #expect(clocks.zone(of: "disk/i-0e5f60718293a4b5c-root.tar.gz!/var/log/syslog") == 0)
    #expect(clocks.zone(of: "disk/i-0aaaaaaaaaaaaaaaa-root.tar.gz!/var/log/syslog") == nil)
  }

  @Test func universalTimeBesideTheHostsOwnSaysNothing() {
    var clocks = HostClocks()
    clocks.take(clock("2026-11-25T05:27:49Z", zone: 0), of: "a/command/date_-u.txt")
    clocks.take(clock("2026-11-25T05:27:49Z", zone: 540), of: "a/command/date.txt")
    clocks.take(zone(0), of: "b/command/date.txt")
    #expect(clocks.zone(of: "a/command/last_output.txt") == 540)
    #expect(clocks.zone(of: "b/command/last_output.txt") == 0)
    // Another host's UTC is its own.
    #expect(clocks.zone(of: "c/syslog") == nil)
  }

  @Test func theOrderOfTakingDoesNotMatter() {
    let events = [(540, "a/x/date.txt"), (540, "a/y/date.txt"), (0, "b/date.txt")].map { (zone(Int64($0.0)), $0.1) }
    var one = HostClocks()
    var other = HostClocks()
    for (event, path) in events { one.take(event, of: path) }
    for (event, path) in events.reversed() { other.take(event, of: path) }
    for path in ["a/log", "b/log", "a/x/log", "log"] { #expect(one.zone(of: path) == other.zone(of: path)) }
    #expect(one.zone(of: "a/log") == 540)
  }

  @Test func whatCannotBeIsNotTaken() {
    var clocks = HostClocks()
    clocks.take(zone(9999), of: "date.txt")
    clocks.take(zone(.min), of: "date.txt")
    clocks.take(
      Event(
        time: nil, dataType: "linux:syslog:entry", message: "", attributes: [Attribute("zone_minutes", 540)],
        locator: .whole),
      of: "syslog")
    #expect(clocks.zone(of: "syslog") == nil)
    #expect(clocks.collected(of: "syslog") == nil)
    // Clocks that are days apart are of different collections.
    clocks.take(clock("2026-11-25T05:27:49Z"), of: "date.txt")
    clocks.take(clock("2026-11-20T05:27:49Z"), of: "date.txt")
    #expect(clocks.collected(of: "syslog") == nil)
  }

  @Test func standardTimeDoesWhereNobodyToldTheClock() {
    let summer = Event(
      time: nil, dataType: "linux:host:zone", message: "", attributes: [Attribute("standard_minutes", Int64(-300))],
      locator: .whole)
    var clocks = HostClocks()
    clocks.take(summer, of: "[root]/etc/localtime")
    #expect(clocks.zone(of: "[root]/var/log/auth.log") == -300)
    clocks.take(clock("2026-07-01T16:00:00Z", zone: -240), of: "command/date.txt")
    #expect(clocks.zone(of: "[root]/var/log/auth.log") == -240)
  }

  @Test func aRuleOfSummerTimeIsUsedWhereTheClockAgrees() {
    let rule = "CET-1CEST,M3.5.0,M10.5.0/3"
    let berlin = Event(
      time: nil, dataType: "linux:host:zone", message: "",
      attributes: [Attribute("standard_minutes", Int64(60)), Attribute("zone_rule", rule)], locator: .whole)
    func option(_ minutes: Int64?) -> String? {
      var clocks = HostClocks()
      clocks.take(berlin, of: "[root]/etc/timezone")
      if let minutes { clocks.take(clock("2026-07-01T16:00:00Z", zone: minutes), of: "command/date.txt") }
      return clocks.zoneOption(of: "[root]/var/log/auth.log")
    }
    #expect(option(120) == rule && option(60) == rule && option(nil) == rule)
    // Another zone was set when the captures were made.
    #expect(option(540) == "540")
    #expect(option(0) == nil)
    let context = PathFacts.context(["path": "x", "zone": rule, "collected": "1782921600000000000"])
    #expect(context.zone == .inferred(120) && context.summerTime?.text == rule)
    #expect(PathFacts.context(["zone": rule]).zone == .inferred(60))
    #expect(PathFacts.context(["zone": "540"]).summerTime == nil)
    #expect(PathFacts.context(["zone": "nonsense"]).zone == .inferred(0))
  }

  @Test func aDateOnTheHostsDiskIsNotItsClock() {
    for path in ["[root]/etc/build-date", "root.tar!/[root]/home/ops/date.txt", "x/var/log/date.txt", "x/notes.txt"] {
      var clocks = HostClocks()
      clocks.take(clock("2026-11-30T05:27:00Z", zone: 540), of: "live_response/system/date.txt")
      clocks.take(clock("2026-08-01T00:00:01Z", zone: 0), of: path)
      #expect(clocks.collected(of: "[root]/var/log/auth.log") == 1_796_016_420_000_000_000, "\(path)")
      #expect(clocks.zone(of: "[root]/var/log/auth.log") == 540, "\(path)")
    }
    // Its zone is told by the disk's own files.
    var clocks = HostClocks()
    clocks.take(zone(540), of: "[root]/etc/localtime")
    #expect(clocks.zone(of: "[root]/var/log/auth.log") == 540)
  }
}
