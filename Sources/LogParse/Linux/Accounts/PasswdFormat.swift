import Bytes
import Evidence

/// `/etc/passwd` and captures of it (also `getent passwd`): one account a line, seven fields.
struct PasswdFormat: LogFormat {
  let name = "linux.passwd"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { $0[0] != 0x23 && !Self.isOfNIS($0) }
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { Self.fields($0) != nil }.count
    // In a short file one line that somebody broke must not hide the others.
    let isNamed = sample.name.hasPrefix("passwd")
    return rows * 4 >= lines.count * 3 || isNamed && rows > 0 && rows * 2 >= lines.count ? .high : nil
  }

  /// `+::::::`, `+@ops::::::`: accounts of a directory service are to be put in here.
  private static func isOfNIS(_ line: ByteView) -> Bool {
    (line[0] == 0x2B || line[0] == 0x2D) && line.contains("::")
  }

  // ops:x:1000:1000:Operations,,,:/home/ops:/bin/bash
  /// - Parameter isKnown: whether the file is known to be one: then a name may hold blanks, which the library of C takes too.
  private static func fields(
    _ line: ByteView, isKnown: Bool = false
  ) -> (fields: [ByteView], uid: Int64, gid: Int64)? {
    let fields = line.split(0x3A, limit: 8)
    guard fields.count == 7, !fields[0].isEmpty, isKnown || fields[0].firstIndex(of: 0x20) == nil,
      let uid = fields[2].integer,
      let gid = fields[3].integer, fields[5].isEmpty || fields[5][0] == 0x2F
    else { return nil }
    return (fields, uid, gid)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 { return .parsed }
      if Self.isOfNIS(line.bytes) { return .parsed }
      guard let (fields, uid, gid) = Self.fields(line.bytes, isKnown: true) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not an account of seven fields")
      }
      let user = fields[0].string
      var attributes: [Attribute] = [Attribute("user", user), Attribute("uid", uid), Attribute("gid", gid)]
      attributes.add("description", fields[4].string)
      attributes.add("home", fields[5].string)
      attributes.add("shell", fields[6].string)
      // Normally `x`. An empty field means no password is asked for; anything else is a hash, which is not repeated.
      let password = fields[1].isEmpty ? "empty" : fields[1] == "x" ? "in shadow" : ShadowFormat.scheme(fields[1]).state
      attributes.add("password_state", password)
      sink.event(
        Event(
          time: nil, dataType: "linux:account",
          message: "Account \(user) has uid \(uid), home \(fields[5].string) and shell \(fields[6].string).",
          entities: [Entity(.user, user)], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
