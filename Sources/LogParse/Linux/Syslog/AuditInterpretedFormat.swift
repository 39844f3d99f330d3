import Bytes
import Evidence

/// `ausearch -i`: records of the audit system in words, those of an event between lines of hyphens (output_interpreted,
/// src/ausearch-report.c of the audit project).
///
/// The date is the locale's (`%x`), in C's and America's month first; a file whose dates can only be read the other way is
/// read so. Times are local to the host and name no zone.
struct AuditInterpretedFormat: LogFormat {
  let name = "linux.audit_interpreted"
  let version = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(10).filter { !$0.hasPrefix("----") }
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { AuditRecord.interpretedDate($0) != nil }.count
    return rows * 4 >= lines.count * 3 ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let order =
      NumericDate.order(of: stream.lines(4000, AuditRecord.interpretedDate), collected: context.collected)
      ?? .monthFirst
    var events = AuditEvents()
    // In words a record may be some times as long as in the log, where 8970 bytes are the most.
    try readLines(stream, into: sink, limit: 1 << 18) { line in
      if line.bytes.hasPrefix("----") {
        events.finish(into: sink)
        return .parsed
      }
      if line.bytes.hasPrefix("time->") { return .parsed }
      guard let record = AuditRecord(interpreted: line.bytes, order, context.zone) else {
        if line.bytes.trimmed == "<no matches>" { return .skipped("ausearch found nothing") }
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not an interpreted audit record")
      }
      events.take(record, line, into: sink)
      return .parsed
    }
    events.finish(into: sink)
  }
}

extension AuditRecord {
  // type=SYSCALL msg=audit(11/25/2026 05:22:53.089:501) : arch=x86_64 syscall=execve success=yes … comm=curl
  private static func interpretedParts(
    _ line: ByteView
  ) -> (node: ByteView?, type: ByteView, date: NumericDate, clock: ByteView, serial: Int64, fields: ByteView)? {
    var rest = line
    var node: ByteView?
    if rest.hasPrefix("node="), let (name, after) = rest.cut(0x20) {
      node = name.slice(5)
      rest = after
    }
    guard rest.hasPrefix("type="), let (kind, after) = rest.cut(0x20), after.hasPrefix("msg=audit("),
      let close = after.slice(0, 80).firstIndex(of: 0x29)
    else { return nil }
    let stamp = after.slice(10, close)
    guard let blank = stamp.lastIndex(of: 0x20), let date = NumericDate(stamp.slice(0, blank)) else { return nil }
    let moment = stamp.slice(blank + 1)
    guard let colon = moment.lastIndex(of: 0x3A), let serial = moment.slice(colon + 1).integer else { return nil }
    var fields = after.slice(close + 1)
    if fields.hasPrefix(" :") { fields = fields.slice(2) }
    return (node, kind.slice(5), date, moment.slice(0, colon), serial, fields)
  }

  static func interpretedDate(_ line: ByteView) -> NumericDate? { interpretedParts(line)?.date }

  init?(interpreted line: ByteView, _ order: NumericDate.Order, _ zone: Timestamp.Zone) {
    guard let parts = Self.interpretedParts(line), let clock = CivilTime.timeOfDay(parts.clock) else { return nil }
    var civil = parts.date.civil(order)
    civil.hour = clock.hour
    civil.minute = clock.minute
    civil.second = clock.second
    civil.nanosecond = clock.nanosecond
    civil.precision = clock.precision
    guard let time = civil.timestamp(zone) else { return nil }
    self.init(node: parts.node, type: parts.type, time: time, serial: parts.serial, fields: parts.fields)
    isInterpreted = true
  }

  /// `key=value` pairs in order. Values stand without quotes and may hold blanks, so one ends where the next key begins: for
  /// commands and names, which may hold anything, only a key that can follow them; and of arguments the next in number.
  func forEachInterpretedField(_ body: (_ key: ByteView, _ value: ByteView) -> Void) {
    let text = fields.trimmed
    var place = 0
    var count = 0
    while place < text.count, count < 4096 {
      count += 1
      while text[place] == 0x20 || text[place] == 0x27 { place += 1 }
      guard let equals = text.firstIndex(of: 0x3D, from: place) else { return }
      var key = text.slice(place, equals)
      if let blank = key.lastIndex(of: 0x20) { key = key.slice(blank + 1) }
      let start = equals + 1
      // What stands in `msg='…'` are fields as well, and what stands in `saddr={ … }`.
      if text[start] == 0x27 || text[start] == 0x7B {
        place = start + 1
        continue
      }
      let end = self.end(of: key, in: text, from: start)
      body(key, text.slice(start, end).trimmed)
      place = end
    }
  }

  private func end(of key: ByteView, in text: ByteView, from start: Int) -> Int {
    if type == "PROCTITLE" || type == "CWD" { return text.count }
    // The length of an argument that comes in pieces.
    if key.hasSuffix("_len") { return text.firstIndex(of: 0x20, from: start) ?? text.count }
    // Of arguments only the next number ends one: an argument may be `a=b`.
    let number = type == "EXECVE" && key[0] == 0x61 ? key.slice(1, key.firstIndex(of: 0x5B) ?? key.count).integer : nil
    let own = number.map { "a\($0)" } ?? ""
    let next = number.map { "a\($0 &+ 1)" } ?? ""
    let isFree = number != nil || Self.freeTexts.contains { key == $0 }
    var place = start
    while let blank = text.firstIndex(of: 0x20, from: place) {
      var end = blank + 1
      while isNameByte(text[end]) { end += 1 }
      let word = text.slice(blank + 1, end)
      place = blank + 1
      guard text[end] == 0x3D || text[end] == 0x5B, !word.isEmpty else {
        // The end of `msg='…'` and of `saddr={ … }`.
        if !isFree, text[blank + 1] == 0x7D { return blank }
        continue
      }
      if number != nil {
        // A long one comes in pieces: `a1_len=9000 a1[0]=… a1[1]=…`.
        let stem = word.hasSuffix("_len") ? word.dropLast(4) : word
        if next.withView({ $0 == stem }) || text[end] == 0x5B && own.withView({ $0 == word }) { return blank }
      } else if text[end] == 0x3D, !isFree || Self.followers.contains(where: { word == $0 }) {
        return blank
      }
    }
    return text.count - (text[text.count - 1] == 0x27 && !isFree ? 1 : 0)
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    byte == 0x5F || byte == 0x2D || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
      || (0x30...0x39).contains(byte)
  }

  /// Fields that hold what a user or a program made up.
  private static let freeTexts: [StaticString] = ["cmd", "comm", "exe", "name", "acct", "cwd", "data", "key", "vm"]

  /// Fields that stand behind such a one in the records of kernel and programs.
  private static let followers: [StaticString] = [
    "acct", "addr", "cmd", "comm", "cwd", "data", "dev", "exe", "grantors", "grp", "hostname", "id", "inode", "item",
    "items",
    "key", "mode", "name", "nametype", "objtype", "op", "ouid", "pid", "res", "sig", "subj", "success", "terminal",
    "tty",
    "uid", "unit",
  ]
}
