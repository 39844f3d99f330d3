import Bytes
import Evidence

/// What inetd and xinetd start on a connection (`inetd.conf`, `xinetd.conf`, `xinetd.d/*`): a shell there is a door that stands open.
struct InetdFormat: LogFormat {
  let name = "linux.inetd"
  let version = 1

  /// Settings of one service that are kept.
  private static let limit = 64

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, ShellCommand.isPlausible(sample) else { return nil }
    if Self.isBlocks(sample.path) {
      return sample.lines(60).contains { $0.trimmed.hasPrefix("service ") || $0.trimmed == "defaults" } ? .high : nil
    }
    return sample.name == "inetd.conf" ? .medium : nil
  }

  private static func isBlocks(_ path: String) -> Bool {
    path.contains("xinetd.d/") || path.hasSuffix("xinetd.conf")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    if Self.isBlocks(context.path) { return try readBlocks(stream, into: sink) }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      // 4444 stream tcp nowait root /bin/bash bash -i
      let words = text.slice(0, 1 << 14).words(limit: 8)
      guard words.count >= 6, words[3].hasPrefix("wait") || words[3].hasPrefix("nowait") else {
        return .skipped("line is not a service of inetd")
      }
      let user = words[4].slice(0, words[4].firstIndex(of: 0x2E) ?? words[4].firstIndex(of: 0x3A) ?? words[4].count)
      // The first argument is the name that the program is given.
      let arguments = words.count > 7 ? " " + words[7].string : ""
      sink.event(
        Self.event(
          "inetd", on: "\(words[0].string)/\(words[2].string)", words[5].string + arguments, user.string,
          text: text.string,
          isDisabled: false, line.locator))
      return .parsed
    }
  }

  // service x
  // {
  //   server = /bin/sh
  //   port   = 4444
  // }
  private func readBlocks(_ stream: any ByteStream, into sink: any ResultSink) throws(BytesError) {
    var service: (name: String, settings: [String: String], text: String, locator: Locator)?
    func finish() {
      if let service, let server = service.settings["server"] {
        let arguments = service.settings["server_args"].map { " " + $0 } ?? ""
        let port = service.settings["port"].map { " (port \($0))" } ?? ""
        sink.event(
          Self.event(
            "xinetd", on: service.name + port, server + arguments, service.settings["user"] ?? "root",
            text: service.text,
            isDisabled: service.settings["disable"] == "yes", service.locator))
      }
      service = nil
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      if text.hasPrefix("service ") {
        finish()
        let name = text.slice(8, 256).trimmed
        service = (
          name.slice(0, name.firstIndex(of: 0x7B) ?? name.count).trimmed.string, [:], text.slice(0, 4096).string,
          line.locator
        )
        return .parsed
      }
      if text[0] == 0x7D {
        finish()
        return .parsed
      }
      if var now = service, now.settings.count < Self.limit, let (name, value) = text.slice(0, 4096).cut(0x3D) {
        service = nil
        now.settings[name.trimmed.string] = value.trimmed.string
        now.text += "\n" + text.slice(0, 4096).string
        now.locator = now.locator.reaching(line.end)
        service = now
      }
      return .parsed
    }
    finish()
  }

  private static func event(
    _ daemon: String, on place: String, _ command: String, _ user: String, text: String, isDisabled: Bool,
    _ locator: Locator
  ) -> Event {
    var entry = PersistenceEntry(
      mechanism: .inetd, command: command, user: user, schedule: "on a connection to \(place)")
    entry.extra.add("text", text)
    if isDisabled { entry.extra.append(Attribute("is_disabled", .flag(true))) }
    return entry.event(
      "\(daemon) \(isDisabled ? "would run" : "runs") on a connection to \(place) as \(user): \(command)", locator)
  }
}
