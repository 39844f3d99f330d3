import Bytes
import Evidence

/// The output of several commands in one file: what `script` recorded or somebody copied from a terminal, what a script wrote with
/// a banner in front of each command or with nothing between them, several files that `head` or `tail` showed.
///
/// Each section is read by the format that it has, as a file of its own would be, and its events are located in this file. Of a
/// clock that one section shows, those behind it take their zone and the moment of the capture.
struct TranscriptFormat: LogFormat {
  let name = "capture.transcript"
  let version = 2

  private static let unknown = "no parser knows what this command printed"

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText || sample.head.hasPrefix("==> /"), !CapturePlace.isOnDisk(sample.path) else { return nil }
    guard Self.hasSections(sample.head) else { return nil }
    // Words that look like headings stand in any text: what one of them printed has to be known without doubt.
    var isKnown = false
    let lines = TranscriptLines(MemoryStream(sample.head.array), TranscriptHeadings(sample.head))
    do {
      while !isKnown, let name = lines.nextSection() {
        let section = TranscriptSection(lines)
        let front = try section.readFront(1 << 14)
        isKnown = front.withView {
          let whole = FormatSample(head: $0, path: name, isWhole: front.count < 1 << 14)
          return Self.format(of: whole)?.isSure ?? false
        }
        try Self.drain(section)
      }
    } catch { return nil }
    return isKnown ? .high : nil
  }

  /// Whether there are headings, tables of two kinds, or a terminal's colours: all that is asked of most files.
  private static func hasSections(_ head: ByteView) -> Bool {
    var headings = TranscriptHeadings(head)
    var (count, isSure) = (0, false)
    var tables: Set<String> = []
    var rest = head
    var isFirst = true
    var coloured = 0
    while !rest.isEmpty {
      let (line, after) = rest.cut(0x0A) ?? (rest, rest.slice(rest.count))
      rest = after
      let cleaned = PlainLine.cleaned(line[line.count - 1] == 0x0D ? line.dropLast(1) : line)
      func look(_ text: ByteView) {
        // The other end of what `script` recorded may be far behind.
        if isFirst, text.hasPrefix("Script started on ") { isSure = true }
        if let heading = headings.heading(text) {
          count += 1
          // dmidecode and others begin with a comment that names them.
          isSure = isSure || !heading.path.isEmpty && (heading.isSure || isFirst && text[0] != 0x23)
        } else if let table = TranscriptTable.format(text) {
          tables.insert(table)
        }
        if !text.trimmed.isEmpty { isFirst = false }
      }
      if let cleaned { cleaned.withView(look) } else { look(line) }
      // Output that was asked for in colour.
      if cleaned != nil, line.firstIndex(of: 0x1B) != nil { coloured += 1 }
      if coloured >= 3 { return true }
      if isSure || count >= 2 || tables.count >= 2 || count + tables.count > 0 && cleaned != nil { return true }
    }
    return false
  }

  /// The format of a section, and whether that is beyond doubt.
  private static func format(of sample: FormatSample) -> (format: any LogFormat, isSure: Bool)? {
    var best: (format: any LogFormat, confidence: Confidence)?
    for format in LogFormats.all where !(format is TranscriptFormat) {
      guard let confidence = format.recognizes(sample) else { continue }
      if confidence == .high { return (format, true) }
      if best.map({ confidence > $0.confidence }) ?? true { best = (format, confidence) }
    }
    return best.map { ($0.format, false) }
  }

  private static func drain(_ section: any ByteStream) throws(BytesError) {
    while try !section.readFront(1 << 16).isEmpty {}
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let lines = TranscriptLines(stream, stream.front.withView { TranscriptHeadings($0) })
    let shifted = ShiftedSink(sink, encodings: stream.encodings)
    var context = context
    let path = context.path
    while let name = lines.nextSection() {
      shifted.begin(at: lines.offset, line: lines.line)
      let section = try FrontStream(TranscriptSection(lines))
      context.path = name.isEmpty ? path : name
      let format = section.front.withView {
        Self.format(of: FormatSample(head: $0, path: context.path, isWhole: section.isWhole))?.format
      }
      if section.front.withView(\.trimmed.isEmpty), section.isWhole {
        try Self.drain(section)
      } else if let format {
        try format.parse(section, context, into: shifted)
      } else {
        try Self.search(section, into: shifted)
      }
      if let cut = lines.cut {
        shifted.read(upTo: cut)
        shifted.skip(upTo: lines.end, "rest of a line longer than \(1 << 20) bytes")
      }
      if let clock = shifted.clock {
        context.collected = context.collected ?? clock.time
        if case .inferred(0) = context.zone, let minutes = clock.minutes { context.zone = .stated(minutes) }
      }
    }
    shifted.read(upTo: lines.end)
    shifted.finish(damage: stream.damage, note: lines.end == 0 && stream.damage == nil ? "empty file" : nil)
  }

  /// Of output that no format knows, the lines that may hold an attack.
  private static func search(_ section: any ByteStream, into sink: ShiftedSink) throws(BytesError) {
    let reader = LineReader(section)
    var handedOn = 0
    while let line = try reader.next() {
      guard handedOn < SkippedLine.limit else { continue }
      let locator = Locator(offset: line.offset, length: line.byteCount, line: line.number)
      guard let event = SkippedLine.event(line.bytes, locator) else { continue }
      handedOn += 1
      sink.event(event)
    }
    sink.coverage(Coverage(.scanned, 0..<reader.offset, reason: unknown))
  }
}
