import Bytes
import Evidence
import Testing

@testable import LogParse

/// A stream that hands out a few bytes at a time, so that every border between reads is crossed.
private final class DrippingStream: ByteStream {
  private let bytes: [UInt8]
  private let step: Int
  private var place = 0
  var damage: String?

  init(_ bytes: [UInt8], step: Int, damage: String? = nil) {
    self.bytes = bytes
    self.step = step
    self.damage = damage
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let number = min(step, buffer.count, bytes.count - place)
    for index in 0..<number { buffer[index] = bytes[place + index] }
    place += number
    return number
  }
}

private struct Outcome: Equatable {
  var records: [String] = []
  var places: [String] = []
  var gaps: [String] = []
  var covered: UInt64 = 0
}

/// Everything in a value, in order, as deep as its brackets go.
private func leaves(_ json: JSONView, _ depth: Int = 0) -> [String] {
  guard depth < 20, json.kind == .object || json.kind == .array else { return [json.bytes.string] }
  var all: [String] = []
  let isWhole =
    json.kind == .object
    ? json.forEachMember { key, value in
      all += [key.string] + leaves(value, depth + 1)
      return true
    }
    : json.forEachElement {
      all += leaves($0, depth + 1)
      return true
    }
  return all + [isWhole ? "end" : "broken", json.bytes.string]
}

private func split(_ bytes: [UInt8], limit: Int = 1 << 20, step: Int = .max, damage: String? = nil) throws -> Outcome {
  let sink = CollectingSink()
  let records = JSONRecords(DrippingStream(bytes, step: step, damage: damage), coverage: sink, limit: limit)
  var outcome = Outcome()
  while let record = try records.next() {
    outcome.records.append(record.bytes.string)
    #expect(leaves(record.json) == leaves(JSONView(record.bytes)), "noted ends are those that a walk finds")
    outcome.places.append("\(record.line):\(record.offset):\(record.container?.rawValue ?? "-")")
  }
  records.finish()
  outcome.gaps = sink.coverages.filter { $0.state == .skipped }.map { "\($0.start)..<\($0.end) \($0.reason ?? "")" }
  for coverage in sink.coverages {
    #expect(coverage.start == outcome.covered, "every byte is accounted for, in order")
    outcome.covered = coverage.end
  }
  return outcome
}

private func split(_ text: String, limit: Int = 1 << 20, step: Int = .max, damage: String? = nil) throws -> Outcome {
  let whole = try split(Array(text.utf8), limit: limit, step: step, damage: damage)
  #expect(whole.covered == UInt64(text.utf8.count))
  return whole
}

@Suite struct JSONRecordsTests {
  @Test func valuesWithinValuesAreThoseOfAWalk() throws {
    let text = #"{"a":{"b":[{"c":1},{"d":[[],{}]},"]"],"e":{"f":"}"}},"g":[[1,[2,{"h":[3]}]],4],"i":{}}"#
    // Beginning at other places of the stream, and after others whose brackets close elsewhere.
    let others = [
      #"{"x":[[[[]]]]}"#, #"{"long":"\#(String(repeating: "[", count: 300))"}"#, #"{"y":{"z":[1,2,3,4,5,6,7,8,9]}}"#,
    ]
    for before in others {
      for step in [1, 7, .max] {
        #expect(try split(before + text + before + text, step: step).records == [before, text, before, text])
      }
    }
    // Longer than what ends are noted of.
    let huge = #"{"a":["\#(String(repeating: "x", count: JSONEnds.maximumCount))",{"b":[1]}]}"#
    #expect(try split(huge + text, limit: 4 << 20).records == [huge, text])
  }

  /// What was seen from further on says nothing of a record that is read again after damage: this one has a line break in a
  /// string, and an escaped quote.
  @Test func whatIsReadAgainAfterDamageIsLookedAtAgain() throws {
    let damaged: [UInt8] = [
      0x7B, 0x11, 0x7A, 0x7B, 0x22, 0x22, 0x8A, 0x0A, 0x27, 0x22, 0, 0, 0, 0x7D, 0x7D, 0x7B, 0x22, 0x22, 0x8A, 0x22,
      0x0A, 0x22, 0x17,
      0x22, 0x23, 0x5C, 0x22, 1, 0, 0, 0x46, 0, 0, 0, 0, 0, 0x5D, 0x39, 0xF7, 0x5B, 0xFF, 0x22, 0xB5,
    ]
    let records = JSONRecords(MemoryStream(damaged), coverage: CollectingSink())
    while let record = try records.next() {
      #expect(record.json.bytes.array == JSONView(record.bytes).bytes.array)
    }
    records.finish()
  }

  @Test func linesConcatenationAndArraysGiveTheSameRecords() throws {
    let one = #"{"a":1}"#
    let two = #"{"b":"}{\"\\"}"#
    for text in ["\(one)\n\(two)\n", "\(one)\r\n\(two)", one + two, "[\(one),\(two)]", "[\n \(one),\n \(two)\n]\n"] {
      let outcome = try split(text)
      #expect(outcome.records == [one, two])
      #expect(outcome.gaps.isEmpty)
    }
  }

  @Test func placesAreLineAndOffset() throws {
    let outcome = try split("{\"a\":1}\n\n  {\"a\":2}\n")
    #expect(outcome.places == ["1:0:-", "3:11:-"])
  }

  @Test func prettyPrintedRecordsStandWhole() throws {
    let pretty = "{\n  \"a\": [\n    {\n      \"b\": 1\n    }\n  ]\n}"
    let outcome = try split(pretty + "\n" + pretty)
    #expect(outcome.records == [pretty, pretty])
    #expect(outcome.places == ["1:0:-", "8:\(pretty.utf8.count + 1):-"])
  }

  @Test(arguments: ["Records", "Findings", "Events", "logEvents", "events"])
  func elementsOfKnownArrays(_ name: String) throws {
    let outcome = try split("{\"owner\":\"1\",\"\(name)\":[{\"a\":1},{\"a\":2}],\"next\":{\"x\":[1]}}\n{\"c\":3}")
    #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#, #"{"c":3}"#])
    #expect(outcome.places.map { $0.split(separator: ":").last } == [Substring(name), Substring(name), "-"])
    #expect(outcome.gaps.isEmpty)
  }

  @Test func anArrayOfThatNameFurtherInsideStaysPartOfItsRecord() throws {
    let text = #"{"a":{"Records":[{"b":1}]},"Recordsx":[{}],"x":"Records"}"#
    #expect(try split(text).records == [text])
  }

  @Test func batchesOnLines() throws {
    let outcome = try split("{\"Records\":[{\"a\":1}]}\n{\"Records\":[]}\n{\"Records\":[{\"a\":2}]}\n")
    #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#])
    #expect(outcome.places == ["1:12:Records", "3:49:Records"])
  }

  @Test func byteOrderMarkNulAndCommasAreFiller() throws {
    let outcome = try split("\u{FEFF}{\"a\":1}\u{0}\u{0}\n,\u{1E}{\"a\":2}\u{FEFF}\r\n")
    #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#])
    #expect(outcome.gaps.isEmpty)
  }

  @Test func garbageBetweenRecordsIsSkippedAndTold() throws {
    let outcome = try split("{\"a\":1}\nERROR: {disk} full }\n{\"a\":2}\n")
    #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#])
    #expect(outcome.gaps == ["8..<29 text that is no JSON record"])
  }

  @Test func aRecordCutInTheMiddleOfTheFileTakesNoOtherWithIt() throws {
    for cut in [#"{"a":"tex"#, #"{"a":{"b":"#, #"{"a":[{"b":1},"#, #"{"a":{"b":1}"#, #"{"a""#, "{"] {
      let outcome = try split("{\"a\":1}\n\(cut)\n{\"a\":2}\n{\"a\":3}\n")
      #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#, #"{"a":3}"#], "after \(cut)")
      #expect(outcome.gaps.count == 1)
      #expect(outcome.gaps.first?.hasPrefix("8..<") == true)
    }
  }

  @Test func aBrokenElementOfALongLineIsPassedOver() throws {
    let outcome = try split(#"{"Records":[{"v":1,"x":{"k":0}},{"v":2,"x":{"k" {"q":1}},{"v":3,"x":{"k":0}}]}"#)
    #expect(outcome.records == [#"{"v":1,"x":{"k":0}}"#, #"{"v":3,"x":{"k":0}}"#])
    #expect(outcome.gaps == ["32..<57 a record that is not whole JSON"])
  }

  @Test func aRecordWithoutItsEndTakesNoOtherWithIt() throws {
    let records = (1...4).map { #"{"v":\#($0),"x":{"k":[1,{"q":2}]}}"# }
    for broken in 0..<3 {
      for cut in [#"{"v":0,"x":{"k":[1,{"q":2}]}"#, #"{"v":0,"x":{"k":[1,{"q":2}]"#, #"{"v":0,"x":{"k":[1,{"q":2}}"#] {
        var all = records
        all[broken] = cut
        let whole = records.enumerated().filter { $0.offset != broken }.map(\.element)
        for separator in [",", ",\n  ", "\n,"] {
          for (before, after) in [("[", "]"), (#"{"Records":["#, "]}"), ("[\n  ", "\n]\n")] {
            for step in [Int.max, 7] {
              let outcome = try split(before + all.joined(separator: separator) + after, step: step)
              #expect(outcome.records == whole, "\(cut) as \(broken)")
              #expect(outcome.gaps.count == 1)
              #expect(outcome.gaps.first?.hasSuffix(" a record that is not whole JSON") == true)
            }
          }
        }
      }
    }
  }

  @Test func recordsWithoutEndMayStandInARowAndBeginInAnyWay() throws {
    let outcome = try split(#"[{"a":1},{"b":{"c":2},{"d":{"e":3},{"f":4}]"#)
    #expect(outcome.records == [#"{"a":1}"#, #"{"f":4}"#])
    #expect(outcome.gaps == ["9..<35 a record that is not whole JSON"])
    let pretty = try split("[\n  {\n    \"a\": {\n      \"b\": 1\n    },\n  {\n    \"c\": 2\n  }\n]\n")
    #expect(pretty.records == ["{\n    \"c\": 2\n  }"])
  }

  @Test func objectsInArraysAreNoRecords() throws {
    let text = #"{"a":[{"b":1},{"b":2},[{"c":1},{"d":2}],{"b":[]}],"e":{"f":[1,{"g":3},{"h":[4,{"i":5}]}]},"j":"x},{"}"#
    #expect(try split(text + "," + text).records == [text, text])
    #expect(try split(text + "," + text).gaps.isEmpty)
    // Deeper than it is known what each bracket is.
    let deep = String(repeating: #"{"a":["#, count: 100) + #"{"b":1},{"b":2}"# + String(repeating: "]}", count: 100)
    #expect(try split(deep + "\n" + deep).records == [deep, deep])
  }

  @Test func theLastRecordMayBeCut() throws {
    let outcome = try split("{\"a\":1}\n{\"a\":{\"b\":2", damage: "truncated gzip input")
    #expect(outcome.records == [#"{"a":1}"#])
    #expect(
      outcome.gaps == [
        "8..<19 a record that is cut off: truncated gzip input",
        "19..<19 the stream ends early, what followed is lost: truncated gzip input",
      ])
  }

  @Test func anArrayThatIsNotClosedIsTold() throws {
    let outcome = try split(#"{"Records":[{"a":1},{"a":2}"#)
    #expect(outcome.records.count == 2)
    #expect(outcome.gaps == ["27..<27 the stream ends inside an array or object that is not closed"])
  }

  @Test func aRecordBeyondTheLimitIsSkippedAndFollowedToItsEnd() throws {
    let long = "{\"a\":\"" + String(repeating: "\\\\x\\\"", count: 200_000) + "\",\"b\":[{\"c\":\"}\"}]}"
    for step in [Int.max, 4093] {
      let outcome = try split("{\"a\":1}\n\(long)\n{\"a\":2}\n", limit: 4096, step: step)
      #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#])
      #expect(outcome.gaps == ["8..<\(8 + long.utf8.count) a record longer than 4096 bytes"])
    }
  }

  @Test func recordsInsideALongEnvelopeAreStillFound() throws {
    let filler = String(repeating: "z", count: 700_000)
    let outcome = try split("{\"q\":\"\(filler)\",\"Records\":[{\"a\":1}],\"p\":\"\(filler)\"}{\"a\":2}", limit: 1000)
    #expect(outcome.records == [#"{"a":1}"#, #"{"a":2}"#])
    #expect(outcome.gaps.count == 1)
  }

  @Test(arguments: [1, 2, 3, 7, 64]) func bordersBetweenReadsChangeNothing(_ step: Int) throws {
    let text =
      "\u{FEFF}{\"Records\":[{\"a\":\"\\\\\"},{\"b\":\"\\\"}\"}],\"k\":\"\\\\\\\"]\"}\n{\"a\":\"x\n{\"c\":3}\n junk {\"d\":4}\n{\"e\":{}}"
    #expect(try split(text, step: step) == split(text))
  }

  @Test func nestingWithoutEndIsBroken() throws {
    let deep = String(repeating: "{\"a\":", count: 100_000)
    let outcome = try split(deep + "\n{\"b\":1}\n")
    #expect(outcome.records == [#"{"b":1}"#])
    #expect(try split(String(repeating: "[", count: 100_000) + "{\"b\":1}").records.count <= 1)
  }

  @Test func hostileRepetitionIsLinear() throws {
    // Each would take hours if damage made the rest be read again every time.
    let lines = String(repeating: "{\"a\":[" + String(repeating: "1,", count: 500) + "\n", count: 4000)
    #expect(try split(lines).records.isEmpty)
    #expect(try split(String(repeating: "\n{", count: 1_000_000)).records.isEmpty)
    #expect(try split("{\"a\":\"" + String(repeating: "\\\"", count: 2_000_000)).records.isEmpty)
    #expect(try split(String(repeating: "{\"a\":1,", count: 300_000)).records.isEmpty)
    #expect(try split("{\"a\":0}" + String(repeating: "{\"b\":[{\"a\":1,", count: 200_000)).records == ["{\"a\":0}"])
  }

  @Test func rejectedRecordsBecomeGaps() throws {
    let sink = CollectingSink()
    let records = JSONRecords(MemoryStream(Array("{\"a\":1}\n{\"b\":2}\n{\"a\":3}\n".utf8)), coverage: sink)
    while let record = try records.next() {
      if record.bytes.contains("b") { records.reject(record, "other") }
    }
    records.finish()
    #expect(sink.coverages.map(\.state) == [.parsed, .skipped, .parsed])
    #expect(sink.coverages[1].start == 8 && sink.coverages[1].end == 15)
  }

  @Test func whatWasRejectedSaysNothingOfHowRecordsBegin() throws {
    // The rest of a cut record, one object of it whole; then records, one of them without its end.
    let text = #""x":{"q":1}}]}"# + "\n" + #"{"v":1}{"v":{"q":2},"w" {"q":3}},{"v":3}"#
    let records = JSONRecords(MemoryStream(Array(text.utf8)), coverage: CollectingSink())
    var found: [String] = []
    while let record = try records.next() {
      if record.bytes.hasPrefix("{\"v\"") { found.append(record.bytes.string) } else { records.reject(record, "other") }
    }
    #expect(found == [#"{"v":1}"#, #"{"v":3}"#])
  }

  @Test func emptyStreamsAreCovered() throws {
    let outcome = try split("")
    #expect(outcome.records.isEmpty)
    #expect(outcome.gaps == ["0..<0 empty file"])
  }

  @Test func anyBytesEndWithoutATrap() throws {
    var state: UInt64 = 7
    let alphabet = Array("{}[]\",:\\\n ax1\u{0}é".utf8)
    for _ in 0..<3000 {
      var bytes: [UInt8] = []
      for _ in 0..<60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      let whole = try split(bytes, limit: 64)
      #expect(whole.covered == UInt64(bytes.count))
      #expect(try split(bytes, limit: 64, step: 5).records == whole.records)
    }
  }
}
