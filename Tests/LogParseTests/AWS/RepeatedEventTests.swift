import Bytes
import Evidence
import Testing

@testable import LogParse

/// CloudTrail events that were delivered twice.
@Suite struct RepeatedEventTests {
  private static let event =
    #"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"kim","arn":"arn:aws:iam::444455556666:user/kim"},"eventTime":"2026-01-01T01:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","requestParameters":{"key":"k \"é\".txt","list":[1,2]},"eventID":"11111111-0000-4000-8000-000000000001"}"#

  private func count(_ text: String) throws -> Int {
    let dump = try EventDump(text, path: "x.json")
    #expect(dump.format == "aws.cloudtrail")
    return dump.events.count
  }

  private static let written = [
    // Spacing, order of keys at every level, escapes.
    event.replacing(#"":""#, with: "\" : \"").replacing(#","event"#, with: ",\n  \"event"),
    #"{"eventID":"11111111-0000-4000-8000-000000000001","userIdentity":{"arn":"arn:aws:iam::444455556666:user/kim","type":"IAMUser","userName":"kim"},"requestParameters":{"list":[ 1, 2 ],"key":"k \"\u00e9\".txt"},"eventName":"GetObject","eventSource":"s3.amazonaws.com","eventTime":"2026-01-01T01:00:00Z","eventVersion":"1.11"}"#,
  ]

  @Test(arguments: written) func anotherSpellingIsTheSameEvent(_ other: String) throws {
    #expect(try count("\(Self.event)\n\(other)\n") == 1)
    #expect(try count("{\"Records\":[\(other),\(Self.event),\(other)]}") == 1)
  }

  @Test(arguments: [
    ("GetObject", "PutObject"), ("[1,2]", "[2,1]"), ("[1,2]", "[[1,2]]"), ("kim", "mik"), (#""key":"#, #""kez":"#),
    (#""list":[1,2]"#, #""list":"[1,2]""#), ("1.11", "1.110"), (#"\"é\""#, "é"),
    (#","eventTime""#, #","a":null,"eventTime""#),
  ])
  func anotherContentIsKept(_ old: String, _ new: String) throws {
    let forged = Self.event.replacing(old, with: new)
    #expect(forged != Self.event)
    #expect(try count("\(Self.event)\n\(forged)\n\(Self.event)\n\(forged)\n") == 2)
  }

  @Test func swappedValuesAreAnotherContent() throws {
    let swapped = Self.event.replacing("s3.amazonaws.com", with: "?").replacing("GetObject", with: "s3.amazonaws.com")
      .replacing("?", with: "GetObject")
    #expect(try count("\(Self.event)\n\(swapped)\n") == 2)
  }

  @Test func aKeyThatComesTwiceMakesAnother() throws {
    let twice = Self.event.replacing(#"{"eventVersion""#, with: #"{"userIdentity":{"type":"Root"},"eventVersion""#)
    #expect(try count("\(Self.event)\n\(twice)\n\(twice)\n") == 2)
  }

  /// One identifier for all, and each written in another order: it takes no longer than others do.
  @Test func manyContentsUnderOneEvent() throws {
    let events = (0..<20_000).map { Self.event.replacing("k ", with: "k\($0 % 10_000) ") }
    #expect(try count(events.joined(separator: "\n")) == 10_000)
  }

  @Test func numbersOfContent() {
    let fingerprint = JSONFingerprint()
    func of(_ text: String) -> UInt64 { text.withView { fingerprint.of(JSONView($0)) } }
    #expect(of(#"{"a":1,"b":[true,null,{}]}"#) == of(#" { "b" : [ true , null , { } ] , "a" : 1 } "#))
    #expect(of(#""\u0041\/""#) == of(#""A/""#))
    let all = [
      "{}", "[]", "\"\"", "\"{}\"", "0", "\"0\"", "null", "\"null\"", "[0]", "[[0]]", "[0,0]", #"{"":0}"#, #"{"a":0}"#,
      #"{"a":"0"}"#, #"{"a":0,"a":0}"#, #"{"a":{"b":0}}"#, #"{"b":{"a":0}}"#, "true", "[true]", #"{"a"}"#, "",
      "\"" + String(repeating: "x", count: 15) + "\"", "\"" + String(repeating: "x", count: 16) + "\"",
      "\"" + String(repeating: "x", count: 32) + "\"", "\"" + String(repeating: "x", count: 33) + "\"",
      String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
      String(repeating: "[", count: 101) + String(repeating: "]", count: 101),
    ]
    #expect(Set(all.map(of)).count == all.count)
  }
}
