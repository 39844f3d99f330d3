import Bytes
import Evidence

/// `/etc/shadow` and captures of it. The hash itself goes nowhere; only what kind it is.
struct ShadowFormat: LogFormat {
  let name = "linux.shadow"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { Self.fields($0) != nil }.count
    // In a short file one line that somebody broke must not hide the others.
    let isNamed = sample.name.hasPrefix("shadow")
    return rows * 4 >= lines.count * 3 || isNamed && rows > 0 && rows * 2 >= lines.count ? .high : nil
  }

  // ops:$y$…:20778:0:99999:7:::
  private static func fields(_ line: ByteView) -> [ByteView]? {
    let fields = line.split(0x3A, limit: 10)
    guard fields.count == 9, !fields[0].isEmpty, fields[0].firstIndex(of: 0x20) == nil else { return nil }
    for field in fields[2...7] where !field.isEmpty && field.integer == nil { return nil }
    return fields
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let fields = Self.fields(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a shadow entry of nine fields")
      }
      let user = fields[0].string
      let (state, scheme) = Self.scheme(fields[1])
      var attributes: [Attribute] = [Attribute("user", user), Attribute("password_state", state)]
      attributes.add("hash_scheme", scheme)
      attributes.add("last_change_day", fields[2].integer)
      attributes.add("maximum_age_days", fields[4].integer)
      attributes.add("expires_day", fields[7].integer)
      // The date of the last change is counted in days since 1970.
      let changed = fields[2].integer.flatMap { days -> Timestamp? in
        guard days > 0, days < 100_000 else { return nil }
        return Timestamp(seconds: days * 86400, precision: .day)
      }
      sink.event(
        Event(
          time: changed, .modification, dataType: "linux:account:password",
          message: "The password of \(user) is \(state)" + (scheme.map { ", hashed with \($0)" } ?? "") + ".",
          entities: [Entity(.user, user)], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }

  /// crypt(5)'s prefixes.
  static func scheme(_ field: ByteView) -> (state: String, scheme: String?) {
    var hash = field
    var isLocked = false
    while hash[0] == 0x21 {
      isLocked = true
      hash = hash.dropFirst(1)
    }
    if hash.isEmpty { return (isLocked ? "locked" : "empty", nil) }
    if hash == "*" || hash == "x" || hash == "*LK*" || hash == "NP" { return ("locked", nil) }
    let schemes: [(StaticString, String)] = [
      ("$1$", "MD5"), ("$2", "bcrypt"), ("$5$", "SHA-256"), ("$6$", "SHA-512"), ("$y$", "yescrypt"),
      ("$gy$", "gost-yescrypt"), ("$7$", "scrypt"), ("$md5", "SunMD5"), ("$sha1$", "PBKDF1-SHA1"), ("$3$", "NT"),
      ("_", "BSDi"),
    ]
    for (prefix, name) in schemes where hash.hasPrefix(ByteView(prefix)) { return (isLocked ? "locked" : "set", name) }
    return (isLocked ? "locked" : "set", hash.count == 13 ? "DES" : "an unknown scheme")
  }
}
