import Bytes
import Evidence

/// PAM's configuration (`/etc/pam.d/SERVICE`, `/etc/pam.conf`): the modules through which every login goes. Each line is an
/// entry of persistence, since a module or the program of `pam_exec` runs as root whenever somebody logs in.
struct PAMFormat: LogFormat {
  let name = "linux.pam"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(60).map(\.trimmed).filter { $0[0] != 0x23 }
    let rules = lines.filter { Self.rule($0, hasService: sample.name == "pam.conf") != nil }.count
    let isNamed = sample.path.contains("pam.d/") || sample.name == "pam.conf"
    if isNamed { return rules * 2 >= lines.count ? .high : nil }
    return rules > 1 && rules == lines.count ? .medium : nil
  }

  private struct Rule {
    var service: String?
    var type: ByteView
    var control: ByteView
    var module: ByteView
    var arguments: ByteView
  }

  // auth  [success=1 default=ignore]  pam_unix.so nullok        -session optional pam_systemd.so        @include common-auth
  private static func rule(_ text: ByteView, hasService: Bool) -> Rule? {
    var rest = text
    var service: String?
    if hasService {
      let parts = text.words(limit: 2)
      guard parts.count == 2 else { return nil }
      service = parts[0].string
      rest = parts[1]
    }
    if rest.hasPrefix("@include ") {
      let file = rest.slice(9).trimmed
      return Rule(
        service: service, type: rest.slice(0, 8), control: rest.slice(0, 0), module: file, arguments: rest.slice(0, 0))
    }
    let parts = rest.words(limit: 2)
    guard parts.count == 2 else { return nil }
    let type = parts[0][0] == 0x2D ? parts[0].slice(1) : parts[0]
    guard
      (["auth", "account", "password", "session"] as [StaticString]).contains(where: { type.equalsIgnoringCase($0) })
    else { return nil }
    var tail = parts[1]
    var control = tail.words(limit: 2).first ?? tail
    if tail[0] == 0x5B {
      guard let close = tail.firstIndex(of: 0x5D) else { return nil }
      control = tail.slice(0, close + 1)
    }
    tail = tail.slice(control.count).trimmed
    let words = tail.words(limit: 2)
    guard let module = words.first else { return nil }
    return Rule(
      service: service, type: type, control: control, module: module,
      arguments: words.count > 1 ? words[1] : tail.slice(tail.count))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let file = String(context.path.split(separator: "/").last ?? "")
    // A backslash at the end goes on with the next line.
    var front: [UInt8] = []
    var started: Locator?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if front.isEmpty, text[0] == 0x23 { return .parsed }
      if text[text.count - 1] == 0x5C, front.count < 1 << 14 {
        front += text.dropLast(1).array + [0x20]
        started = started ?? line.locator
        return .parsed
      }
      guard !front.isEmpty else { return read(text, line.locator) }
      defer {
        front = []
        started = nil
      }
      let locator = started?.reaching(line.end) ?? line.locator
      return (front + text.array).withView { read($0, locator) }
    }
    if let started { _ = front.withView { read($0.trimmed, started) } }

    func read(_ text: ByteView, _ locator: Locator) -> LineOutcome {
      guard let rule = Self.rule(text, hasService: file == "pam.conf") else {
        return .skipped("line is not a rule of PAM")
      }
      let service = rule.service ?? file
      let module = rule.module.string
      var command = module
      if !rule.arguments.isEmpty { command += " " + rule.arguments.string }
      var entry = PersistenceEntry(
        mechanism: .pam, command: command, user: "root", schedule: "at each use of \(service)")
      entry.extra.add("service", service)
      entry.extra.add("pam_type", rule.type.string.lowercased())
      entry.extra.add("control", rule.control.string)
      entry.extra.add("module", module)
      // pam_exec runs a program of anybody's choice.
      if module.hasSuffix("pam_exec.so"),
        let program = rule.arguments.words().first(where: { $0[0] == 0x2F })
      {
        entry.extra.add("program", program.string)
      }
      sink.event(
        entry.event("PAM loads \(command) at each use of \(service) (\(rule.type.string)).", locator, file: module)
      )
      return .parsed
    }
  }
}
