import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import LogParse

private let formats = LogFormats.all.filter { $0.name.hasPrefix("aws.") }

/// Parses with every AWS format and checks that all bytes are accounted for, in order.
private func parseAll(_ bytes: [UInt8]) throws -> Int {
  var events = 0
  for format in formats {
    let sink = CollectingSink()
    try format.parse(MemoryStream(bytes), ParseContext(path: "x"), into: sink)
    var place: UInt64 = 0
    for coverage in sink.coverages {
      #expect(coverage.start == place, "\(format.name)")
      place = coverage.end
    }
    #expect(place == UInt64(bytes.count), "\(format.name)")
    events += sink.events.count
    _ = bytes.withView { format.recognizes(FormatSample(head: $0, path: "x", isWhole: false)) }
  }
  return events
}

@Suite struct HostileTests {
  @Test(arguments: GoldenEvents.cases("logparse/aws"))
  func cutAndTwistedFixtures(_ folder: String) throws {
    let input = try #require(GoldenEvents.input(of: folder))
    let whole = try [UInt8](Data(contentsOf: input))
    #expect(try parseAll(whole) > 0)
    for length in stride(from: 0, to: whole.count, by: max(whole.count / 60, 1)) {
      _ = try parseAll(Array(whole.prefix(length)))
    }
    var state: UInt64 = 3
    let twists = Array("{}[]\",:\\0-9\n \u{0}".utf8) + [0xFF, 0xC3]
    for _ in 0..<60 {
      var bytes = whole
      for _ in 0..<8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[Int(state >> 33) % bytes.count] = twists[Int(state >> 13) % twists.count]
      }
      _ = try parseAll(bytes)
    }
  }

  @Test func numbersBeyondAllBounds() throws {
    let huge = String(repeating: "9", count: 40)
    for number in [huge, "-" + huge, "9223372036854775807", "-9223372036854775808", "1e999", "1.5", "true", "{}"] {
      let text = """
        {"timestamp":\(number),"webaclId":"a","httpRequest":{"clientIp":"1.2.3.4"},"requestBodySize":\(number),\
        "requestBodySizeInspectedByWAF":-9223372036854775808,"responseCodeSent":\(number)}
        {"id":"1","type":"A:B/C","severity":\(number),"service":{"detectorId":"d","count":\(number)}}
        {"ProductArn":"p","AwsAccountId":"1","Id":"i","Severity":{"Normalized":\(number)}}
        {"query_timestamp":\(number),"query_name":"x","srcport":\(number)}
        {"eventTime":"9999-99-99T99:99:99Z","eventSource":"a","eventName":\(number)}
        2 1 eni-1 1.2.3.4 1.2.3.5 \(number) 1 6 1 1 \(number) \(number) ACCEPT OK
        2 1 eni-1 1.2.3.4 1.2.3.5 1 1 6 1 1 -9223372036854775808 9223372036854775807 ACCEPT OK
        """
      #expect(try parseAll(Array(text.utf8)) >= 4)
    }
  }

  @Test func aTimeThatCannotBeIsNoTime() throws {
    let sink = CollectingSink()
    let record = #"{"timestamp":9223372036854775807,"webaclId":"a","httpRequest":{"uri":"/x"}}"#
    try WAFFormat().parse(MemoryStream(Array(record.utf8)), ParseContext(path: ""), into: sink)
    #expect(sink.events.count == 1)
    #expect(sink.events.first?.time == nil)
  }

  @Test func longTextsAreCutAndLongListsKept() throws {
    let long = String(repeating: "a", count: 200_000)
    let headers = (0..<2000).map { #"{"name":"h\#($0)","value":"v"}"# }.joined(separator: ",")
    let record = #"{"timestamp":1,"webaclId":"a","httpRequest":{"uri":"/\#(long)","headers":[\#(headers)]}}"#
    let sink = CollectingSink()
    try WAFFormat().parse(MemoryStream(Array(record.utf8)), ParseContext(path: ""), into: sink)
    let event = try #require(sink.events.first)
    #expect(event.text("uri")?.utf8.count == AWSRecords.maximumText)
    #expect(event.message.utf8.count < 5000)
    guard case .texts(let kept)? = event["headers"] else {
      Issue.record("no headers")
      return
    }
    #expect(kept.count == 2000)
  }

  @Test func envelopesInEnvelopesEnd() throws {
    var text = #"{"a":1}"#
    for _ in 0..<12 {
      let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      text = "{\"message\":\"\(quoted)\"}"
    }
    let sink = CollectingSink()
    try WAFFormat().parse(MemoryStream(Array(text.utf8)), ParseContext(path: ""), into: sink)
    #expect(sink.events.isEmpty)
    #expect(sink.coverages.map(\.state) == [.skipped])
    let nested = String(repeating: #"{"detail":"#, count: 400) + "{}" + String(repeating: "}", count: 400)
    #expect(try parseAll(Array(nested.utf8)) == 0)
  }

  @Test func formatsDoNotTakeOneAnothersFiles() {
    let others = [
      #"{"a":1}"#, "[]", "", "plain text\nof two lines", #"{"webaclId":"x"}"#, #"{"eventSource":"x","eventName":"y"}"#,
      #"{"message":"webaclId httpRequest"}"#, "version of something else", "2 3 4 5 6 7 8 9 10 11 12 13 14 15",
      "https everywhere is a good idea", "PAR", "\u{0}\u{0}\u{0}{",
    ]
    for text in others {
      let found = Array(text.utf8).withView { view in
        formats.filter { $0.recognizes(FormatSample(head: view, path: "x", isWhole: true)) != nil }
      }
      #expect(found.isEmpty, "\(text)")
    }
  }

  @Test func aFileOfOneCutRecordIsStillRecognized() throws {
    let record = #"{"Records":[{"eventTime":"2026-01-01T00:00:00Z","eventSource":"iam.amazonaws.com","eventName":"Cre"#
    let found = Array(record.utf8).withView { LogFormats.recognize(FormatSample(head: $0, path: "x", isWhole: true)) }
    #expect(found?.name == "aws.cloudtrail")
    let sink = CollectingSink()
    try found?.parse(MemoryStream(Array(record.utf8)), ParseContext(path: "x"), into: sink)
    #expect(sink.events.isEmpty)
    #expect(sink.coverages.contains { $0.reason == "a record that is cut off at the end" })
  }

  @Test func capturesOfTheHostAreNoneOfTheseFormats() throws {
    let names = FileManager.default.enumerator(atPath: PackageFiles.bundle)?.compactMap { $0 as? String } ?? []
    let captures = names.filter { $0.contains("/command/") && $0.hasSuffix(".txt") }
    #expect(captures.count > 10)
    for name in captures {
      let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: PackageFiles.bundle + "/" + name)))
      let found = bytes.withView { view in
        formats.filter { $0.recognizes(FormatSample(head: view.slice(0, 1 << 16), path: name, isWhole: true)) != nil }
      }
      #expect(found.isEmpty, "\(name)")
    }
  }

  @Test func anAttackersTextIsNoFormat() {
    // A request that carries the names of another format's fields stays a WAF record.
    let record =
      #"{"timestamp":1,"webaclId":"a","httpRequest":{"uri":"/","args":"{\"eventSource\":1,\"eventName\":1,\"eventTime\":1}"}}"#
    let found = Array(record.utf8).withView { LogFormats.recognize(FormatSample(head: $0, path: "x", isWhole: true)) }
    #expect(found?.name == "aws.waf")
  }

  @Test func parquetIsSaidToBeNotCovered() throws {
    let bytes = Array("PAR1".utf8) + [UInt8](repeating: 7, count: 300_000)
    let found = bytes.withView { LogFormats.recognize(FormatSample(head: $0.slice(0, 100), path: "x", isWhole: false)) }
    #expect(found?.name == "aws.parquet")
    let sink = CollectingSink()
    try found?.parse(MemoryStream(bytes), ParseContext(path: "a/vpcflowlogs/x.log.parquet"), into: sink)
    #expect(sink.coverages.map(\.end) == [300_004])
    #expect(sink.coverages.first?.reason?.hasPrefix("VPC flow logs as Parquet are not read") == true)
  }
}
