import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct CutTextTests {
  private static let long = String(repeating: "a", count: 70_000)

  private static func notices(_ text: String, path: String) throws -> [Coverage] {
    let dump = try EventDump(text, path: path)
    #expect(dump.events.count == 1, "\(dump.format ?? "none")")
    return dump.coverages.filter { $0.reason?.contains("is kept up to") ?? false }
  }

  @Test func recordsOfJSON() throws {
    let record = WAFTests.record()
    let args = record.replacing("\"httpMethod\"", with: "\"extra\":\"\(Self.long)\",\"httpMethod\"")
    #expect(args != record)
    let notices = try Self.notices(args, path: "x.json")
    #expect(notices.count == 1 && notices.first?.reason?.contains("70000") == true)
    // The place is that of the text.
    let start = try #require(Array(args.utf8).withView { $0.firstIndex(of: ByteView("aaaaaaaaaaaaaaaa")) })
    #expect(notices.first?.reason?.contains("byte \(start),") == true)
    // A long record of short texts is kept whole.
    let many = (0..<3000).map { "{\"name\":\"awswaf:x:\($0)\"}" }.joined(separator: ",")
    #expect(
      try Self.notices(record.replacing("\"httpMethod\"", with: "\"more\":[\(many)],\"httpMethod\""), path: "x.json")
        .isEmpty)
    // A record that is a text in its envelope is kept if its own texts are.
    let quoted = args.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let envelope = "{\"events\":[{\"timestamp\":1,\"message\":\"\(quoted)\",\"ingestionTime\":1}]}"
    #expect(try Self.notices(envelope, path: "x.json").count == 1)
  }

  @Test func linesOfLoadBalancers() throws {
    func line(_ agent: String) -> String {
      "https 2026-11-25T05:20:12.123456Z app/shop/50dc6c495c0c9188 203.0.113.66:51234 10.0.4.22:8080 0.000 0.001 0.000 200 200 34 366 "
        + "\"GET https://shop.example:443/ HTTP/1.1\" \"\(agent)\" - - arn:x \"Root=1-2-3\" \"shop.example\" \"-\" 0 "
        + "2026-11-25T05:20:12.122000Z \"forward\" \"-\" \"-\" \"10.0.4.22:8080\" \"200\" \"-\" \"-\"\n"
    }
    #expect(try Self.notices(line(Self.long), path: "x.log").count == 1)
    #expect(try Self.notices(line("curl/8"), path: "x.log").isEmpty)
    let many = String(repeating: line(Self.long), count: 220)
    let dump = try EventDump(many, path: "x.log")
    #expect(dump.events.count == 220)
    #expect(dump.coverages.contains { $0.reason?.contains("20 more texts") ?? false })
  }
}
