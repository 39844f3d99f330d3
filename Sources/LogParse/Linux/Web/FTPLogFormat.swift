import Bytes
import Evidence

/// What FTP servers log of logins and files: vsftpd's own log, and the `xferlog` of wu-ftpd that vsftpd, ProFTPD and others write.
struct FTPLogFormat: LogFormat {
  let name = "linux.ftp"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    return lines.count { FTPLine($0, .utc) != nil } * 4 >= lines.count * 3 ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let entry = FTPLine(line.bytes, context.zone) else { return .skipped("line is not of an FTP server") }
      sink.event(entry.event(line.locator))
      return .parsed
    }
  }
}

/// One line. Valid while the line is.
private struct FTPLine {
  private let time: Timestamp?
  private var action: String
  private var user: ByteView?
  private var client: ByteView?
  private var path: ByteView?
  private var byteCount: Int64?
  private var text: ByteView

  // Wed Nov 25 05:20:12 2026 [pid 2] [ops] OK LOGIN: Client "203.0.113.9"
  // Wed Nov 25 05:20:12 2026 [pid 2] [ops] OK UPLOAD: Client "203.0.113.9", "/x.php", 42 bytes, 1.20Kbyte/sec
  // Wed Nov 25 05:20:12 2026 1 203.0.113.9 42 /x.php b _ i r ops ftp 0 * c
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    let words = line.words(limit: 6)
    guard words.count == 6, let (civil, _, used) = CivilTime.ctime(words.prefix(5)), used == 5, civil.year != nil,
      civil.weekday != nil
    else { return nil }
    time = civil.timestamp(zone)
    text = words[5]
    action = ""
    guard text.hasPrefix("[pid ") ? readServer() : readTransfer() else { return nil }
  }

  private mutating func readServer() -> Bool {
    guard let close = text.slice(0, 32).firstIndex(of: 0x5D) else { return false }
    text = text.slice(close + 1).trimmed
    let line = text
    var rest = line
    // The name is the client's to choose; what follows it begins with a word of the server's.
    if line[0] == 0x5B, let place = Self.results.compactMap({ line.firstIndex(of: ByteView($0)) }).min() {
      user = line.slice(1, place)
      rest = line.slice(place + 2)
    }
    guard let mark = rest.firstIndex(of: ByteView(": Client \"")) else {
      action = "ftp"
      return true
    }
    let verb = rest.slice(0, mark)
    action = Self.actions.first { verb == $0.0 }?.1 ?? verb.string.lowercased()
    let behind = rest.slice(mark + 10)
    let end = behind.firstIndex(of: 0x22) ?? behind.count
    client = behind.slice(0, end)
    if behind.slice(end).hasPrefix("\", \"") {
      let file = behind.slice(end + 4)
      let close = file.lastIndex(of: 0x22) ?? file.count
      path = file.slice(0, close)
      let size = file.slice(close + 1).words(limit: 4)
      if size.count > 2, size[2].hasPrefix("bytes") { byteCount = size[1].integer }
    }
    return true
  }

  private mutating func readTransfer() -> Bool {
    let front = text.words(limit: 4)
    guard front.count == 4, front[0].integer != nil, let size = front[2].integer else { return false }
    // Behind the name, which may hold blanks, there are nine words.
    var back: [ByteView] = []
    var rest = front[3]
    while back.count < 9, let blank = rest.lastIndex(of: 0x20) {
      back.append(rest.slice(blank + 1))
      rest = rest.slice(0, blank)
    }
    guard back.count == 9, back[8].count == 1, back[6].count == 1, back[5].count == 1, !rest.isEmpty else {
      return false
    }
    switch back[6][0] {
    case UInt8(ascii: "i"): action = "file_uploaded"
    case UInt8(ascii: "o"): action = "file_downloaded"
    case UInt8(ascii: "d"): action = "file_deleted"
    default: return false
    }
    client = front[1]
    path = rest
    byteCount = size
    user = back[4]
    return true
  }

  private static let results: [StaticString] = ["] OK ", "] FAIL ", "] CONNECT: ", "] FTP "]

  private static let actions: [(StaticString, String)] = [
    ("OK LOGIN", "login_accepted"), ("FAIL LOGIN", "login_failed"), ("CONNECT", "connected"),
    ("OK UPLOAD", "file_uploaded"), ("OK DOWNLOAD", "file_downloaded"), ("OK DELETE", "file_deleted"),
    ("OK RENAME", "file_renamed"), ("OK MKDIR", "folder_made"), ("OK RMDIR", "folder_deleted"),
  ]

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("action", action)]
    var entities: [Entity] = []
    if let user, !user.isEmpty {
      attributes.add("user", user.string)
      entities.append(Entity(.user, user.string))
    }
    if let client {
      let address = IPAddress.normal(client)
      attributes.add("remote_address", address)
      if address == nil { attributes.add("remote_host", client.string) }
      if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
    }
    attributes.add("path", path?.string)
    attributes.add("bytes", byteCount)
    attributes.add("text", text.string)
    return Event(
      time: time, dataType: "linux:ftp:entry", message: "FTP: \(text.string)", entities: entities,
      attributes: attributes, locator: locator)
  }
}
