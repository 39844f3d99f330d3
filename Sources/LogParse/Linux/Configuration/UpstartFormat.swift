import Bytes
import Evidence

/// Upstart's jobs (`/etc/init/*.conf`): what runs, in one line (`exec`) or a script, and at which event (`start on`).
struct UpstartFormat: LogFormat {
  let name = "linux.upstart"
  let version = 1

  private static let phases: Set<String> = ["pre-start", "post-start", "pre-stop", "post-stop"]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let parts = sample.path.split(separator: "/")
    guard sample.isText, parts.dropLast().last == "init",
      sample.name.hasSuffix(".conf") || sample.name.hasSuffix(".override")
    else { return nil }
    return sample.lines(200).contains { Self.start($0.trimmed) != nil || $0.hasPrefix("start on ") } ? .high : nil
  }

  /// `exec /usr/sbin/x -f`, `script`, `pre-start exec …`, `post-stop script`.
  private static func start(_ text: ByteView) -> (phase: String?, command: ByteView?)? {
    var words = text.words(limit: 3)[...]
    guard let first = words.first else { return nil }
    var phase: String?
    if phases.contains(first.string) {
      phase = first.string
      words = words.dropFirst()
    }
    guard let word = words.first else { return nil }
    if word == "script", words.count == 1 { return (phase, nil) }
    guard word == "exec", words.count > 1 else { return nil }
    return (phase, text.slice(text.offset(of: words[words.startIndex + 1])))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let file = context.path.split(separator: "/").last ?? ""
    let job = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? String(file)
    var schedule: String?
    var user: String?
    var isRespawned = false
    var block: ScriptBlock?
    // Event and user may stand below what they are said of.
    var found: [(block: ScriptBlock, command: String)] = []
    func keep(_ block: ScriptBlock, _ command: String) {
      if found.count < 64, !command.isEmpty { found.append((block, command)) }
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if var open = block {
        block = nil
        if text == "end script" {
          keep(open, open.command)
        } else {
          open.add(text, upTo: line.end)
          block = open
        }
        return .parsed
      }
      if let (phase, command) = Self.start(text) {
        let begun = ScriptBlock(phase ?? "", line.locator)
        if let command { keep(begun, command.string) } else { block = begun }
      } else if text.hasPrefix("start on ") {
        schedule = "at the event \(text.slice(9).trimmed.string)"
      } else if text.hasPrefix("setuid ") {
        user = text.slice(7).trimmed.string
      } else if text == "respawn" {
        isRespawned = true
      }
      return .parsed
    }
    if let block { keep(block, block.command) }
    for (block, command) in found {
      var entry = PersistenceEntry(mechanism: .upstart, command: command, user: user ?? "root", schedule: schedule)
      entry.extra.add("unit", job)
      if !block.name.isEmpty { entry.extra.add("phase", block.name) }
      if !block.lines.isEmpty { entry.extra.add("script", block.lines) }
      if isRespawned { entry.extra.add("restart", "respawn") }
      sink.event(
        entry.event("The job \(job) runs\(schedule.map { " \($0)" } ?? ""): \(command)", block.locator))
    }
  }
}
