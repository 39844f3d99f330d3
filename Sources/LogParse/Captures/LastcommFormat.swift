import Bytes
import Evidence

/// `lastcomm`, of process accounting: every command that ended, by whom and when it was started, also where the program is gone.
///
/// The year is missing; records run from new to old, each with its weekday.
struct LastcommFormat: LogFormat {
  let name = "capture.lastcomm"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    return !lines.isEmpty && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  private struct Row {
    var command: ByteView
    var flags: ByteView?
    var user: ByteView
    var tty: ByteView
    var seconds: ByteView
    var start: CivilTime
  }

  // bash             S     root     pts/0      0.02 secs Wed Nov 25 05:20
  private static func row(_ line: ByteView) -> Row? {
    guard line.count < 1024, let place = line.firstIndex(of: ByteView(" secs ")) else { return nil }
    let words = line.slice(place + 6).words(limit: 8)
    guard words.count >= 4, CivilTime.weekday(words[0]) != nil, let (time, _, _) = CivilTime.ctime(words[...]) else {
      return nil
    }
    let before = line.slice(0, place).words(limit: 16)
    guard before.count >= 4, let seconds = before.last, seconds.firstIndex(of: 0x2E) != nil else { return nil }
    let count = before.count
    // A name may hold blanks; between it and the user stand letters of their own.
    var names = before[..<(count - 3)]
    var flags: ByteView?
    if line[17] == 0x20 || line[16] == 0x20 {
      let marks = names.reversed().prefix { $0.count == 1 && "SFCDX".utf8.contains($0[0]) && line.offset(of: $0) >= 17 }
      if let first = marks.last, let last = marks.first, names.count > marks.count {
        flags = line.slice(line.offset(of: first), line.offset(of: last) + 1)
        names = names.dropLast(marks.count)
      }
    }
    guard let first = names.first, let last = names.last else { return nil }
    return Row(
      command: line.slice(line.offset(of: first), line.offset(of: last) + last.count), flags: flags,
      user: before[count - 3], tty: before[count - 2], seconds: seconds, start: time)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    try readLines(stream, into: sink) { line in
      guard let row = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of lastcomm")
      }
      let time = row.start.year == nil ? relative?.withoutYear(row.start) : row.start.timestamp(context.zone)
      let (command, user) = (row.command.string, row.user.string)
      var attributes: [Attribute] = [Attribute("command", command), Attribute("user", user)]
      if !(row.tty == "??"), !(row.tty == "__") { attributes.add("tty", row.tty.string) }
      attributes.add("flags", row.flags?.string)
      attributes.add("cpu_seconds", row.seconds.string)
      sink.event(
        Event(
          time: time, .start, dataType: "linux:accounting:process", message: "\(user) ran \(command).",
          entities: [Entity(.user, user)], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
