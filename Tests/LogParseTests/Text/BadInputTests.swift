import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import LogParse

/// The ways in which logs of real hosts are bad, each for every format there is a sample of.
@Suite struct BadInputTests {
  struct Sample: CustomTestStringConvertible {
    var path: String
    var bytes: [UInt8]
    var format: any LogFormat
    var testDescription: String { "\(format.name) \(path)" }
  }

  /// One sample for each format: every family of AWS, of the host's logs and of captures is among them.
  static let samples: [Sample] = {
    var found: [String: Sample] = [:]
    for (path, bytes) in HostileInputTests.fixtures {
      guard let format = EventDump.recognize(bytes, path: path), found[format.name] == nil else { continue }
      found[format.name] = Sample(path: path, bytes: bytes, format: format)
    }
    for folder in GoldenEvents.cases("logparse/aws") {
      guard let input = GoldenEvents.input(of: folder), let data = try? Data(contentsOf: input) else { continue }
      let bytes = [UInt8](data)
      guard let format = EventDump.recognize(bytes, path: input.lastPathComponent), found[format.name] == nil else {
        continue
      }
      found[format.name] = Sample(path: input.lastPathComponent, bytes: bytes, format: format)
    }
    return found.values.sorted { $0.format.name < $1.format.name }
  }()

  /// Formats whose bytes are no lines of text.
  static let binary: Set<String> = [
    "linux.utmp", "linux.lastlog", "linux.localtime", "capture.proc_text", "linux.journal_export", "linux.accounting",
    "linux.login_failures",
  ]
  static let textual = samples.filter { !binary.contains($0.format.name) }

  static func read(_ stream: any ByteStream, _ sample: Sample) throws -> (events: [Event], coverages: [Coverage]) {
    let sink = CollectingSink()
    try sample.format.parse(stream, ParseContext(path: sample.path, collected: EventDump.collected), into: sink)
    return (sink.events, sink.coverages)
  }

  static func read(_ bytes: [UInt8], _ sample: Sample) throws -> [Event] {
    let (events, coverages) = try read(MemoryStream(bytes), sample)
    var end: UInt64 = 0
    for coverage in coverages where coverage.byteCount > 0 {
      #expect(coverage.start == end, "\(sample.format.name) leaves a hole")
      end = coverage.end
    }
    #expect(end == UInt64(bytes.count), "\(sample.format.name) does not account for the end")
    return events
  }

  @Test func thereIsASampleOfNearlyEveryFormat() {
    let missing = Set(LogFormats.all.map(\.name)).subtracting(Self.samples.map(\.format.name))
    // The journal's own files and lastlog's have suites of their own; Parquet is only named.
    #expect(missing == ["linux.journal", "linux.lastlog", "aws.parquet"])
  }

  // MARK: Compression that ends too early

  /// A gzip member of stored blocks without its end.
  private static func cutGzip(_ bytes: [UInt8], keeping kept: Int) -> [UInt8] {
    var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    for start in stride(from: 0, to: bytes.count, by: 60_000) {
      let part = bytes[start..<min(start + 60_000, bytes.count)]
      let count = UInt16(part.count)
      out += [0, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)] + part
    }
    return Array(out.prefix(15 + kept))
  }

  @Test(arguments: samples)
  func aCutGzipGivesWhatItHolds(_ sample: Sample) throws {
    let kept = sample.bytes.count * 2 / 3
    guard kept > 4 else { return }
    let stream = try DecodedStream(MemoryStream(Self.cutGzip(sample.bytes, keeping: kept)))
    let (events, coverages) = try Self.read(stream, sample)
    let whole = try Self.read(MemoryStream(Array(sample.bytes.prefix(kept))), sample)
    #expect(events.count == whole.events.count)
    #expect(events.allSatisfy { $0.locator.encodings == ["gzip"] || $0.locator == .whole })
    #expect(coverages.contains { $0.state == .skipped && $0.reason?.contains("truncated") == true })
  }

  // MARK: Line ends and marks

  @Test(arguments: textual)
  func mixedLineEndsAndAMarkInFrontChangeNothing(_ sample: Sample) throws {
    let plain = try Self.read(sample.bytes, sample)
    var mixed: [UInt8] = []
    var isOdd = false
    for byte in sample.bytes {
      if byte == 0x0A {
        if isOdd { mixed.append(0x0D) }
        isOdd.toggle()
      }
      mixed.append(byte)
    }
    let marked = [0xEF, 0xBB, 0xBF] + sample.bytes
    #expect(EventDump.recognize(marked, path: sample.path)?.name == sample.format.name)
    #expect(EventDump.recognize(mixed, path: sample.path)?.name == sample.format.name)
    #expect(try Self.read(marked, sample).map(\.message) == plain.map(\.message))
    #expect(try Self.read(mixed, sample).map(\.message) == plain.map(\.message))
  }

  // MARK: Bytes that are no text

  @Test(arguments: textual)
  func nulsAndInvalidTextSpoilTheirOwnLineOnly(_ sample: Sample) throws {
    let plain = try Self.read(sample.bytes, sample)
    for odd in [[0], [0xFF, 0xFE], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x1B, 0x5B, 0x32, 0x4A]]
      as [[UInt8]]
    {
      let end = sample.bytes + (sample.bytes.last == 0x0A ? [] : [0x0A]) + odd + odd + [0x0A]
      let events = try Self.read(end, sample)
      #expect(events.count >= plain.count, "a last line of \(odd) takes others with it")
      var inside = sample.bytes
      inside.insert(contentsOf: odd, at: inside.count / 2)
      _ = try Self.read(inside, sample)
    }
  }

  // MARK: One line without an end

  /// So many bytes of one kind behind a beginning.
  private final class LongStream: ByteStream {
    private var head: ArraySlice<UInt8>
    private var left: Int
    private let filler: UInt8

    init(_ head: [UInt8], filler: UInt8, count: Int) {
      self.head = head[...]
      self.filler = filler
      left = count
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
      if !head.isEmpty {
        let part = head.prefix(buffer.count)
        buffer.copyBytes(from: part)
        head = head.dropFirst(part.count)
        return part.count
      }
      let count = min(left, buffer.count)
      guard count > 0, let base = buffer.baseAddress else { return 0 }
      memset(base, Int32(filler), count)
      left -= count
      return count
    }
  }

  @Test(arguments: samples)
  func aLineOfAHundredMegabytesIsCutAndTold(_ sample: Sample) throws {
    let count = 100 << 20
    // Behind the sample's own beginning, so that the parser is in the middle of a record.
    let head = Array(sample.bytes.prefix(sample.bytes.count * 3 / 4))
    let (events, coverages) = try Self.read(LongStream(head, filler: 0x61, count: count), sample)
    #expect(coverages.filter { $0.byteCount > 0 }.last?.end == UInt64(head.count + count))
    for event in events {
      #expect(event.message.utf8.count < 4 << 20)
      for attribute in event.attributes { #expect(attribute.value.text.utf8.count < 4 << 20) }
    }
  }

  // MARK: Numbers and dates

  @Test(arguments: textual)
  func numbersBeyondSixtyFourBits(_ sample: Sample) throws {
    for number in ["9223372036854775808", "-9223372036854775809", String(repeating: "9", count: 80)] {
      var bytes: [UInt8] = []
      var isInNumber = false
      for byte in sample.bytes {
        let isDigit = (0x30...0x39).contains(byte)
        if !isDigit { bytes.append(byte) } else if !isInNumber { bytes += number.utf8 }
        isInNumber = isDigit
      }
      _ = try Self.read(bytes, sample)
    }
  }

  @Test(arguments: ["1970", "1969", "9999", "0000", "2262", "2263"])
  func datesAtTheEndsOfTime(_ year: String) throws {
    for sample in Self.textual {
      let text = String(decoding: sample.bytes, as: UTF8.self).replacing("2026", with: year)
      let events = try Self.read(Array(text.utf8), sample)
      for time in events.compactMap(\.time) { #expect(!time.description.isEmpty) }
    }
  }

  @Test func aRecordOfTheYear9999IsKeptWithoutItsTime() throws {
    let trail =
      #"{"eventTime":"9999-12-31T23:59:59Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventID":"e"}"#
    let found = try EventDump("{\"Records\":[\(trail)]}", path: "x.json")
    #expect(found.format == "aws.cloudtrail")
    #expect(found.events.map { $0.text("event_name") } == ["CreateUser"])
    #expect(found.events.first?.time == nil)
    let early = try EventDump(
      "1970-01-01T00:00:01+00:00 web-1 sshd[1]: Server listening on 0.0.0.0 port 22.\n", path: "auth.log")
    #expect(early.events.first?.time?.description == "1970-01-01T00:00:01Z")
    let late = try EventDump(
      "9999-12-31T23:59:59+00:00 web-1 sshd[1]: Server listening on 0.0.0.0 port 22.\n", path: "auth.log",
      format: SyslogFormat())
    #expect(late.events.count == 1 && late.events.first?.time == nil)
  }

  // MARK: Keys that come twice, text that looks like lines

  @Test func aKeyThatComesTwiceDoesNotTakeTheRecord() throws {
    let waf =
      #"{"timestamp":1795584053000,"timestamp":"x","webaclId":"a","webaclId":"b","action":"ALLOW","action":"BLOCK","httpRequest":{"clientIp":"1.2.3.4","uri":"/a","uri":"/b"},"httpRequest":{}}"#
    #expect(try EventDump(waf, path: "x").events.count == 1)
    let trail =
      #"{"Records":[{"eventTime":"2026-11-25T05:20:00Z","eventTime":"2026-11-25T05:21:00Z","eventSource":"a","eventName":"B","eventName":"C","eventID":"1"}],"Records":[]}"#
    #expect(try EventDump(trail, path: "x").events.count == 1)
    let duty =
      #"{"id":"1","id":"2","type":"A:B/C","type":"D:E/F","severity":5,"updatedAt":"2026-11-25T05:20:00Z","service":{"detectorId":"d","count":1,"count":2},"accountId":"1","region":"r"}"#
    #expect(try EventDump(duty, path: "x").events.isEmpty == false)
    let journal =
      #"{"__REALTIME_TIMESTAMP":"1795584053000000","MESSAGE":"a","MESSAGE":"b","_BOOT_ID":"c"}"# + "\n"
    #expect(try EventDump(journal, path: "x").events.count == 1)
  }

  @Test func aNewlineInAUserAgentForgesNothing() throws {
    let waf =
      #"{"timestamp":1795584053000,"webaclId":"a","action":"ALLOW","httpRequest":{"clientIp":"1.2.3.4","uri":"/","httpMethod":"GET","headers":[{"name":"User-Agent","value":"curl\n{\"timestamp\":1,\"webaclId\":\"forged\",\"httpRequest\":{}}\nx"}]}}"#
    let one = try EventDump(waf + "\n", path: "x")
    #expect(one.events.count == 1)
    #expect(one.events.first?.text("user_agent")?.contains("forged") == true)
    // In a log of lines the second half is a line of its own, which is told as what it is: no record.
    let line = #"203.0.113.9 - - [25/Nov/2026:05:20:12 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"#
    let good = #"203.0.113.9 - - [25/Nov/2026:05:20:13 +0000] "GET /b HTTP/1.1" 200 5 "-" "curl""#
    let access = try EventDump([good, line, #"forged half""#, good].joined(separator: "\n"), path: "access.log")
    #expect(access.format == "web.access")
    #expect(access.events.count >= 2)
    #expect(access.coverages.contains { $0.state == .skipped })
    // nginx and Apache write the escape, which stays one line.
    let escaped = #"203.0.113.9 - - [25/Nov/2026:05:20:12 +0000] "GET / HTTP/1.1" 200 5 "-" "curl\nforged""#
    #expect(try EventDump(escaped + "\n", path: "access.log").events.count == 1)
    let trail =
      #"{"Records":[{"eventTime":"2026-11-25T05:20:00Z","eventSource":"a","eventName":"B","userAgent":"x\n2026-11-25 forged","eventID":"1"}]}"#
    #expect(try EventDump(trail, path: "x").events.count == 1)
  }

  @Test func aLastRecordThatIsCutIsTold() throws {
    for sample in Self.samples where sample.format.name.hasPrefix("aws.") && sample.bytes.first == 0x7B {
      let plain = try Self.read(sample.bytes, sample)
      // Two copies, the second without its end.
      let cut = sample.bytes + [0x0A] + sample.bytes.prefix(sample.bytes.count - 20)
      let (events, coverages) = try Self.read(MemoryStream(cut), sample)
      #expect(events.count >= 1 && plain.count >= 1, "\(sample.format.name)")
      #expect(coverages.contains { $0.state == .skipped }, "\(sample.format.name) does not tell that its end is cut")
    }
  }
}
