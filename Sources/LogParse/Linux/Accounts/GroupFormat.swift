import Bytes
import Evidence

/// `/etc/group`: four fields a line.
struct GroupFormat: LogFormat {
  let name = "linux.group"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { Self.fields($0) != nil }.count
    // In a short file one line that somebody broke must not hide the others.
    let isNamed = sample.name.hasPrefix("group")
    return rows * 4 >= lines.count * 3 || isNamed && rows > 0 && rows * 2 >= lines.count ? .high : nil
  }

  // sudo:x:27:ops,svc
  private static func fields(_ line: ByteView) -> (fields: [ByteView], gid: Int64)? {
    let fields = line.split(0x3A, limit: 5)
    guard fields.count == 4, !fields[0].isEmpty, fields[0].firstIndex(of: 0x20) == nil, let gid = fields[2].integer,
      fields[3].firstIndex(of: 0x20) == nil,
      // Hashes of old passwords stand there in opasswd.
      fields[3][0] != 0x24
    else { return nil }
    return (fields, gid)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 { return .parsed }
      guard let (fields, gid) = Self.fields(line.bytes) else { return .skipped("line is not a group of four fields") }
      let members = fields[3].split(0x2C).filter { !$0.isEmpty }.map(\.string)
      let group = fields[0].string
      var attributes: [Attribute] = [Attribute("group", group), Attribute("gid", gid)]
      attributes.add("members", members)
      sink.event(
        Event(
          time: nil, dataType: "linux:group",
          message: "Group \(group) has \(members.isEmpty ? "no further members" : members.joined(separator: ", ")).",
          entities: members.map { Entity(.user, $0) }, attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
