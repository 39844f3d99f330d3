import Bytes
import Evidence

/// What a host's own runs printed: cloud-init's stages with the user data's scripts among them (`cloud-init-output.log`), and apt's
/// with the packages' scripts (`apt/term.log`). A line of the run says when it began; the lines below it have no times of their own
/// and are given its.
struct RunOutputFormat: LogFormat {
  let name = "linux.run_output"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    guard let first = sample.lines(1).first else { return nil }
    if Self.mark(first, .utc) != nil { return .high }
    // A file that was turned over begins within a run.
    guard sample.name.hasPrefix("cloud-init-output") || sample.path.hasSuffix("apt/term.log") else { return nil }
    return sample.lines(1000).contains { Self.mark($0, .utc) != nil } ? .high : nil
  }

  private struct Mark {
    var run: String
    var time: Timestamp?
    var isEnd: Bool
  }

  // Cloud-init v. 22.2.2 running 'modules:final' at Wed, 25 Nov 2026 05:20:12 +0000. Up 15.12 seconds.
  // Cloud-init v. 22.2.2 finished at Wed, 25 Nov 2026 05:20:14 +0000. Datasource DataSourceEc2Local.  Up 20.00 seconds
  // Log started: 2026-11-25  05:20:12
  private static func mark(_ line: ByteView, _ zone: Timestamp.Zone) -> Mark? {
    switch line[0] {
    case UInt8(ascii: "C"):
      guard line.hasPrefix("Cloud-init v. "), case let head = line.slice(0, 512),
        let place = head.firstIndex(of: ByteView(" at "))
      else { return nil }
      let isEnd = head.slice(0, place).hasSuffix("finished")
      let quote = head.firstIndex(of: 0x27)
      let run = quote.flatMap { quote in quote < place ? head.slice(quote + 1, place - 1).string : nil }
      guard isEnd || run != nil else { return nil }
      let rest = head.slice(place + 4)
      let text = rest.slice(0, rest.firstIndex(of: 0x2E) ?? rest.count)
      guard let (civil, found, _) = LocaleDate.read(text.words(limit: 7)) else { return nil }
      return Mark(run: run ?? "finished", time: civil.timestamp(found?.zone(else: zone) ?? zone), isEnd: isEnd)
    case UInt8(ascii: "L"):
      let isEnd = line.hasPrefix("Log ended: ")
      guard isEnd || line.hasPrefix("Log started: ") else { return nil }
      // Two blanks stand between date and time.
      let words = line.slice(isEnd ? 11 : 13).words(limit: 3)
      guard words.count == 2 else { return nil }
      let text = words[0].string + " " + words[1].string
      guard let time = text.withView({ Timestamp(iso8601: $0, assuming: zone) }) else { return nil }
      return Mark(run: "apt", time: time, isEnd: isEnd)
    default: return nil
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var run: Mark?
    let program = context.path.contains("term.log") ? "apt" : "cloud-init"
    try readLines(stream, into: sink) { line in
      let mark = Self.mark(line.bytes, context.zone)
      if let mark { run = mark }
      let text = line.bytes.slice(0, 1 << 16).string
      var attributes: [Attribute] = [Attribute("program", program)]
      attributes.add("stage", run?.run)
      attributes.add("text", text)
      if mark == nil, run?.time != nil { attributes.add("time_of", "the run's begin") }
      sink.event(
        Event(
          time: run?.time, mark.map { $0.isEnd ? .end : .start } ?? .recorded, dataType: "linux:run:output",
          message: "\(program) printed: \(text)", attributes: attributes, locator: line.locator))
      // What comes behind the end belongs to no run.
      if mark?.isEnd == true { run = nil }
      return .parsed
    }
  }
}
