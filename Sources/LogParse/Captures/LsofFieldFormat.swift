import Bytes
import Evidence

/// lsof's output for programs (`-F`): one field a line, its letter in front; with `-F0` fields end in NUL.
///
/// A set of process fields begins with `p`, a set of file fields with `f` (lsof(8), "OUTPUT FOR OTHER PROGRAMS"). Versions from
/// 4.94 on leave the `f` out unless it is asked for: then a set ends where one of its fields comes again.
struct LsofFieldFormat: LogFormat {
  let name = "capture.lsof_fields"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    var rest = sample.front
    while rest[0] == 0x0A || rest[0] == 0x0D { rest = rest.dropFirst(1) }
    guard rest[0] == 0x70 else { return nil }
    var files = 0
    var places = 0
    var fields = 0
    while fields < 40, !rest.isEmpty {
      var end = 0
      while end < rest.count, rest[end] != 0x0A, rest[end] != 0 { end += 1 }
      let field = rest.slice(0, end > 0 && rest[end - 1] == 0x0D ? end - 1 : end)
      rest = rest.slice(end + 1)
      if field.isEmpty { continue }
      fields += 1
      switch field[0] {
      case 0x70: if field.dropFirst(1).integer == nil { return nil }
      case 0x66: files += 1
      case 0x6E where field[1] == 0x2F || field.hasPrefix("n*:") || field.contains("->"): places += 1
      default: if !Self.letters.utf8.contains(field[0]) { return nil }
      }
    }
    // Without `f` any lines that begin so would do, so all depends on the names.
    return fields > 2 && (files > 0 || places >= 2 || places > 0 && sample.name.contains("lsof")) ? .medium : nil
  }

  private static let letters = "acCdDfFgGiKklLmMnNopPrRsStTuz"
  /// Those of the process itself.
  private static let processLetters = "cgKLMRuz"

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var process = OpenFile()
    var open: (file: OpenFile, locator: Locator)?
    // The letters of a set that no `f` began.
    var seen: UInt64?
    func finish() {
      if let open { sink.event(open.file.event(open.locator)) }
      open = nil
      seen = nil
    }
    try readLines(stream, into: sink) { line in
      // With -F0 a line holds a whole set; its fields are located by their line.
      for field in line.bytes.split(0) where !field.isEmpty {
        let value = field.dropFirst(1)
        switch field[0] {
        case 0x70:
          finish()
          guard let pid = value.integer else { return .skipped("line is not a field of lsof") }
          process = OpenFile()
          process.pid = pid
        case 0x66:
          finish()
          open = (process, line.locator)
          open?.file.fd = value.string
        case let letter where Self.letters.utf8.contains(letter):
          if !Self.processLetters.utf8.contains(letter) {
            if let letters = seen, letter != 0x54, letters & Self.bit(letter) != 0 { finish() }
            if open == nil {
              open = (process, line.locator)
              seen = 0
            }
            if let letters = seen { seen = letters | Self.bit(letter) }
          }
          if var now = open {
            now.locator = now.locator.reaching(line.end)
            Self.set(letter, value, of: &now.file)
            open = now
          } else {
            Self.set(letter, value, of: &process)
          }
        default: return .skipped("line is not a field of lsof")
        }
      }
      return .parsed
    }
    finish()
  }

  /// All are letters of ASCII.
  private static func bit(_ letter: UInt8) -> UInt64 { 1 << UInt64(letter & 0x3F) }

  private static func set(_ letter: UInt8, _ value: ByteView, of file: inout OpenFile) {
    switch letter {
    case 0x63: file.command = value.string
    case 0x4B: file.tid = value.integer
    case 0x4D: file.thread = value.string
    case 0x52: file.ppid = value.integer
    case 0x67: file.pgid = value.integer
    case 0x75: file.uid = value.integer
    case 0x4C: file.user = value.string
    case 0x61: if value[0] != 0x20, !value.isEmpty { file.fd = (file.fd ?? "") + value.string }
    case 0x74: file.type = value.string
    case 0x64: file.device = value.string
    case 0x44: file.device = file.device ?? value.string
    case 0x73, 0x6F: file.size = file.size ?? value.string
    case 0x69, 0x50: file.node = value.string
    case 0x6E: file.name = value.string
    case 0x54: if value.hasPrefix("ST=") { file.state = SocketRow.state(value.slice(3)) }
    default: break
    }
  }
}
