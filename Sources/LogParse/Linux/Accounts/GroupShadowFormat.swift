import Bytes
import Evidence

/// `/etc/gshadow` and captures of it: `name:password:administrators:members` (gshadow(5)). Who knows a group's password can
/// join it; the hash itself goes nowhere, only what kind it is.
struct GroupShadowFormat: LogFormat {
  let name = "linux.gshadow"
  let version = 1

  /// More than a line can hold.
  private static let memberLimit = 1 << 20

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { $0[0] != 0x23 }
    let rows = lines.compactMap { Self.fields($0) }
    // A password field that holds nothing everywhere could be any table's.
    guard rows.contains(where: { !$0[1].isEmpty }), rows.count * 4 >= lines.count * 3 else { return nil }
    return .high
  }

  // sudo:*::ops,svc
  private static func fields(_ line: ByteView) -> [ByteView]? {
    let fields = line.split(0x3A, limit: 5)
    guard fields.count == 4, isName(fields[0]), isPassword(fields[1]), isList(fields[2]), isList(fields[3]) else {
      return nil
    }
    // `/etc/group` has its number in this place.
    return fields[2].integer == nil ? fields : nil
  }

  private static func isName(_ text: ByteView) -> Bool {
    guard !text.isEmpty, text.count <= 64, text[0] != 0x2D else { return false }
    for index in 0..<text.count {
      switch text[index] {
      case 0x24, 0x2D, 0x2E, 0x30...0x39, 0x40, 0x41...0x5A, 0x5C, 0x5F, 0x61...0x7A, 0x80...: continue
      default: return false
      }
    }
    return true
  }

  private static func isList(_ text: ByteView) -> Bool {
    text.isEmpty || text.split(0x2C, limit: memberLimit).allSatisfy { $0.isEmpty || isName($0) }
  }

  /// Nothing, a mark that nobody can know the password, or a hash as crypt(5) writes them.
  private static func isPassword(_ text: ByteView) -> Bool {
    var rest = text
    while rest[0] == 0x21 { rest = rest.dropFirst(1) }
    return rest.isEmpty || rest == "*" || rest == "x" || rest[0] == 0x24 && rest.count > 8
      || rest.count == 13 && rest.firstIndex(of: 0x20) == nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 { return .parsed }
      guard let fields = Self.fields(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a gshadow entry of four fields")
      }
      let group = fields[0].string
      let (state, scheme) = ShadowFormat.scheme(fields[1])
      let administrators = fields[2].split(0x2C, limit: Self.memberLimit).filter { !$0.isEmpty }.map(\.string)
      let members = fields[3].split(0x2C, limit: Self.memberLimit).filter { !$0.isEmpty }.map(\.string)
      var attributes: [Attribute] = [Attribute("group", group), Attribute("password_state", state)]
      attributes.add("hash_scheme", scheme)
      attributes.add("administrators", administrators)
      attributes.add("members", members)
      var users: [String] = []
      for user in administrators + members where !users.contains(user) && users.count < 1000 { users.append(user) }
      sink.event(
        Event(
          time: nil, dataType: "linux:group:password",
          message: "The password of group \(group) is \(state)" + (scheme.map { ", hashed with \($0)" } ?? "")
            + (administrators.isEmpty ? "" : "; \(administrators.joined(separator: ", ")) may change its members")
            + ".",
          entities: users.map { Entity(.user, $0) }, attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
