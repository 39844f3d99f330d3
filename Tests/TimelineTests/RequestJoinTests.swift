import Evidence
import Testing

@testable import Timeline

@Suite("One request in three logs")
struct RequestJoinTests {
  typealias Samples = CaseSamples

  private func record(_ type: String, _ second: Int64, line: Int, trace: String?, path: String = "/login") -> Event {
    var event = Samples.request(second, path, type: type)
    if let trace { event.attributes.append(Attribute("trace_id", trace)) }
    event.attributes.append(Attribute("path", path))
    event.locator = Samples.line(line)
    return event
  }

  private func edges(_ web: Event, trace: String = "Root=1-a") -> [Edge] {
    let incident = Samples.story(
      [Samples.payload(10)],
      Samples.processes + [
        Samples.callback, ("waf", record("aws:waf:request", 10, line: 1, trace: "Root=1-a")),
        ("alb", record("aws:alb:request", 11, line: 5, trace: trace)), ("web", web),
      ])
    return incident.edges
  }

  @Test("Firewall and load balancer by the trace id, the server by words and time: each edge has key and tolerance")
  func joined() throws {
    let all = edges(record("web:access:request", 12, line: 9, trace: nil))
    let asked = try #require(all.first { $0.relation == .asked })
    #expect(asked.from == Entity(.address, Samples.attacker) && asked.to == Entity(.url, "/login"))
    #expect(asked.key == "trace Root=1-a")
    #expect(Set(asked.evidence.map(\.artifact)) == [Samples.artifact("waf"), Samples.artifact("alb")])
    let served = try #require(all.first { $0.relation == .servedBy })
    #expect(served.to == Entity(.process, "351") && served.tolerance == RequestJoin.tolerance && served.distance == 2)
    #expect(served.evidence.map(\.artifact) == [Samples.artifact("web")])
  }

  @Test("Another trace id, another page and a line from a minute later are other requests")
  func nearMisses() throws {
    let otherTrace = try #require(
      edges(record("web:access:request", 12, line: 9, trace: nil), trace: "Root=1-b").first { $0.relation == .asked })
    #expect(otherTrace.evidence.map(\.artifact) == [Samples.artifact("waf")])
    #expect(
      !edges(record("web:access:request", 12, line: 9, trace: nil, path: "/other")).contains {
        $0.relation == .servedBy
      })
    #expect(!edges(record("web:access:request", 72, line: 9, trace: nil)).contains { $0.relation == .servedBy })
  }

  @Test("Every edge of one pair and key is one edge with all evidence")
  func merged() {
    let incident = Samples.story(
      [Samples.payload(10), Samples.shell(31)],
      Samples.processes + [
        Samples.callback, ("netstat", Samples.socket("10.0.2.15:51270->203.0.113.66:4444/tcp", pid: 465)),
        ("memory", Samples.socket("10.0.2.15:51270->203.0.113.66:4444/tcp", pid: 465)),
      ])
    let shell = incident.edges.filter { $0.relation == .connectedTo && $0.key == "203.0.113.66:4444" }
    #expect(shell.count == 1)
    #expect(shell.first?.evidence.count == 2)
  }
}
