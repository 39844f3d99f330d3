import Bytes

/// The lines of a transcript, one section after the other: each is a stream of its own for the parser that its output is for.
///
/// What a terminal wrote between the letters is taken out, and blanks behind the line take its place, so that every line keeps
/// its offset and its length. Lines that only underline a heading become blank.
final class TranscriptLines {
  /// Bytes of a line that are looked at.
  private static let limit = 1 << 20
  /// Sections of one file; what follows the last belongs to it.
  private static let sectionLimit = 4096

  private let reader: LineReader
  private var headings: TranscriptHeadings
  /// The name of the next section, once its heading was read.
  private var name: String? = ""
  /// The line that ended a section and is the next one's first.
  private var kept: (bytes: [UInt8], line: Int, offset: UInt64)?
  private var sections = 0
  /// Of the table that the section has.
  private var table: String?
  private var hasContent = false
  private var lastLine = 0

  /// Where the section that is read now begins, and the number of its first line.
  private(set) var offset: UInt64 = 0
  private(set) var line = 1
  /// One past the bytes that were read.
  private(set) var end: UInt64 = 0
  /// One past the last bytes that were handed out, where the rest of a line was too long.
  private(set) var cut: UInt64?

  init(_ stream: any ByteStream, _ headings: TranscriptHeadings) {
    reader = LineReader(stream, limit: Self.limit)
    self.headings = headings
  }

  /// Begins the next section and names it; nil at the end of the file. The one before has to be read to its end.
  func nextSection() -> String? {
    guard let name else { return nil }
    self.name = nil
    sections += 1
    hasContent = false
    table = kept.flatMap { $0.bytes.withView(TranscriptTable.format) }
    offset = kept?.offset ?? end
    line = kept?.line ?? lastLine + 1
    cut = nil
    return name
  }

  /// The next line of the section with its line end; nil at the section's end.
  func next() throws(BytesError) -> [UInt8]? {
    // Whoever reads may ask again at the end.
    guard name == nil, cut == nil else { return nil }
    if let (bytes, _, _) = kept {
      kept = nil
      hasContent = true
      return bytes
    }
    guard let read = try reader.next() else { return nil }
    lastLine = read.number
    let start = end
    end = reader.offset
    let cleaned = PlainLine.cleaned(read.bytes)
    func plain<Found>(_ body: (ByteView) -> Found) -> Found { cleaned?.withView(body) ?? body(read.bytes) }
    if sections < Self.sectionLimit, let found = plain({ headings.next($0) }) {
      name = found
      return nil
    }
    let isRule = plain(TranscriptHeading.isRule)
    var out = isRule ? [] : cleaned ?? read.bytes.array
    if read.isCut {
      cut = start + UInt64(out.count)
      name = ""
    } else {
      let length = Int(clamping: end - start)
      let lineEnd = end - read.offset - read.byteCount
      if out.count < length { out.append(contentsOf: repeatElement(0x20, count: length - out.count)) }
      if lineEnd > 0 { out[length - 1] = 0x0A }
      if lineEnd > 1 { out[length - 2] = 0x0D }
    }
    guard !isRule, sections < Self.sectionLimit, let found = plain(TranscriptTable.format), found != table else {
      if !isRule, !plain({ $0.trimmed.isEmpty }) { hasContent = true }
      return out
    }
    if hasContent, !read.isCut {
      kept = (out, read.number, start)
      name = ""
      return nil
    }
    table = found
    hasContent = true
    return out
  }
}

/// Tells which lines begin a section.
struct TranscriptHeadings {
  /// Of a collector that lists the crontabs of all users after each other, each behind its owner's name.
  private let isCrontabs: Bool
  private var isAfterRule = false
  private var ownerFollows: Bool

  init(_ head: ByteView) {
    isCrontabs = head.contains("\nENDOFUSERCRON")
    ownerFollows = isCrontabs
  }

  /// The name of the section that the line begins; nil for any other line.
  mutating func next(_ line: ByteView) -> String? { heading(line)?.path }

  mutating func heading(_ line: ByteView) -> TranscriptHeading? {
    if isCrontabs {
      if line.trimmed == "ENDOFUSERCRON" {
        ownerFollows = true
        return TranscriptHeading(path: "", isSure: true)
      }
      if ownerFollows, line.words(limit: 2).count == 1, line.count <= 64 {
        ownerFollows = false
        return TranscriptHeading(path: "var/spool/cron/crontabs/" + line.trimmed.string, isSure: true)
      }
      return nil
    }
    let follows = isAfterRule
    isAfterRule = TranscriptHeading.isRule(line)
    return TranscriptHeading(line) ?? (follows ? TranscriptHeading(underlined: line) : nil)
  }
}

/// One section of a transcript.
final class TranscriptSection: ByteStream {
  private let lines: TranscriptLines
  private var rest: [UInt8] = []
  private var place = 0

  init(_ lines: TranscriptLines) { self.lines = lines }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    while place >= rest.count {
      guard let line = try lines.next() else { return 0 }
      rest = line
      place = 0
    }
    let count = min(buffer.count, rest.count - place)
    buffer.copyBytes(from: rest[place..<place + count])
    place += count
    return count
  }
}
