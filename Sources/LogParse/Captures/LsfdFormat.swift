import Bytes
import Evidence

/// util-linux's `lsfd`: what processes hold open. The events are lsof's.
struct LsfdFormat: LogFormat {
  let name = "capture.lsfd"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(2).contains(where: Self.isHeader) ? .high : nil
  }

  // COMMAND            PID  USER   ASSOC MODE TYPE       SOURCE MNTID      INODE NAME
  static func isHeader(_ line: ByteView) -> Bool {
    line.contains("COMMAND ") && line.contains(" PID ") && line.contains(" ASSOC ") && line.contains(" NAME")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var names: [String] = []
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        names = line.bytes.words(limit: 32).map(\.string)
        return .parsed
      }
      guard let file = Self.file(line.bytes, names) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of lsfd")
      }
      sink.event(file.event(line.locator))
      return .parsed
    }
  }

  // kthreadd             2      root    cwd  ---  DIR          vda     0          2 /
  private static func file(_ line: ByteView, _ names: [String]) -> OpenFile? {
    guard let assoc = names.firstIndex(of: "ASSOC"), let pid = names.firstIndex(of: "PID"), pid == 1, assoc >= 2,
      names.last == "NAME"
    else { return nil }
    let words = line.words(limit: 64)
    // A program's name may hold blanks; its number is the first word that is one with a user and an association behind it.
    guard
      let place = words.indices.dropFirst().first(where: { index in
        (words[index].integer ?? -1) > 0 && index + assoc < words.count
      })
    else { return nil }
    var file = OpenFile()
    file.command = line.slice(0, line.offset(of: words[place])).trimmed.string
    for (offset, name) in names[pid...].enumerated() {
      guard place + offset < words.count else { break }
      let word = words[place + offset]
      switch name {
      case "PID": file.pid = word.integer
      case "TID": file.tid = word.integer
      case "USER": file.user = word.string
      case "ASSOC": file.fd = word.string
      case "TYPE": file.type = word.string
      case "SOURCE": file.device = word.string
      case "INODE": file.node = word.string
      case "NAME": file.name = line.slice(line.offset(of: word)).trimmed.string
      default: break
      }
    }
    setSocket(&file)
    return file
  }

  // TCP state=established laddr=10.0.2.15:51234 raddr=203.0.113.9:4444
  /// As lsof would have it.
  private static func setSocket(_ file: inout OpenFile) {
    guard file.type == "SOCK", file.name.hasPrefix("TCP") || file.name.hasPrefix("UDP") else { return }
    let words = file.name.split(separator: " ", maxSplits: 16)
    func value(_ key: String) -> String? {
      words.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
    }
    guard let local = value("laddr=") else { return }
    let isSix = words.first.map { $0.hasSuffix("6") } ?? false
    file.type = isSix ? "IPv6" : "IPv4"
    file.state = value("state=").flatMap { $0.uppercased().withView { SocketRow.state($0) } }
    file.device = file.node
    file.node = file.name.hasPrefix("TCP") ? "TCP" : "UDP"
    file.name = local + (value("raddr=").map { "->\($0)" } ?? "")
  }
}
