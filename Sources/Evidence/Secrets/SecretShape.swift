import Bytes

/// The shapes of secrets. Each looks only where its first byte stands, so a scan costs one switch a byte.
///
/// Known by what nothing else has (`$6$…` of shadow, `-----BEGIN … PRIVATE KEY-----`, session tokens, JSON web tokens, vendors'
/// prefixes) or by the name before them (`SecretAccessKey`). Key ids (`AKIA…`, `ASIA…`) are no secrets.
public enum SecretShape {
  public struct Found {
    public var kind: SecretKind
    /// The secret alone, without the name before it.
    public var range: Range<Int>
  }

  public static func at(_ text: ByteView, _ place: Int) -> Found? {
    switch text[place] {
    case 0x24: passwordHash(text, place)
    case 0x2D: privateKey(text, place)
    case 0x53: named(text, place)
    case 0x73: named(text, place) ?? token(text, place)
    case 0x49: prefixed(text, place, "IQoJ", .awsSessionToken, least: 100, isTokenByte)
    case 0x46: prefixed(text, place, "FwoG", .awsSessionToken, least: 100, isTokenByte)
    case 0x65: webToken(text, place)
    case 0x67:
      prefixed(text, place, "ghp_", .accessToken, least: 30, isWordByte)
        ?? prefixed(text, place, "github_pat_", .accessToken, least: 30, isWordByte)
        ?? prefixed(text, place, "glpat-", .accessToken, least: 20, isWordByte)
        ?? token(text, place)
    case 0x78: text[place + 3] == 0x78 || text[place + 4] == 0x2D ? slackToken(text, place) : nil
    case 0x3A: urlPassword(text, place)
    // The other letters that a shape of `TokenShape` begins with.
    case 0x41, 0x64, 0x68, 0x6E, 0x70, 0x72: token(text, place)
    default: nil
    }
  }

  // MARK: Shapes

  /// crypt(5): `$id$[rounds=N$]salt$hash`, with ids 1, 2a, 2b, 2y, 5, 6, 7, y, gy.
  private static func passwordHash(_ text: ByteView, _ place: Int) -> Found? {
    let ids: [StaticString] = ["$6$", "$5$", "$1$", "$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$"]
    let rest = text.slice(place, place + 400)
    guard let id = ids.first(where: { rest.hasPrefix($0) }) else { return nil }
    let end = run(text, place + id.utf8CodeUnitCount, limit: 384) {
      isBase64Byte($0) || $0 == 0x2E || $0 == 0x24 || $0 == 0x3D
    }
    // The shortest, `$1$salt$` and 22 digits, has 34; a price or a shell's `$1` never comes near.
    guard end - place >= 26,
      text.slice(place + id.utf8CodeUnitCount, end).firstIndex(of: 0x24) != nil
        || id.utf8CodeUnitCount == 4
    else { return nil }
    return Found(kind: .passwordHash, range: place..<end)
  }

  private static func privateKey(_ text: ByteView, _ place: Int) -> Found? {
    guard text.slice(place).hasPrefix("-----BEGIN ") else { return nil }
    let label = text.slice(place + 11, place + 60)
    guard let dashes = label.firstIndex(of: ByteView("-----")), label.slice(0, dashes).hasSuffix("PRIVATE KEY") else {
      return nil
    }
    let start = place + 11 + dashes + 5
    // The longest keys have 13 KB. Where no end is in reach, what follows is masked as far as that.
    let reach = text.slice(start, min(start + 1 << 14, text.count))
    let end = start + (reach.firstIndex(of: ByteView("-----END")) ?? reach.count)
    return Found(kind: .privateKey, range: start..<end)
  }

  /// A value after its name: `"SecretAccessKey" : "…"`, `aws_secret_access_key=…`, `"SessionToken":"…"`.
  private static func named(_ text: ByteView, _ place: Int) -> Found? {
    let rest = text.slice(place, place + 24)
    let names: [(StaticString, SecretKind, Int)] = [
      ("secretaccesskey", .awsSecretKey, 30), ("secret_access_key", .awsSecretKey, 30),
      ("sessiontoken", .awsSessionToken, 60), ("session_token", .awsSessionToken, 60),
      ("security_token", .awsSessionToken, 60), ("security-token", .awsSessionToken, 60),
    ]
    for (name, kind, least) in names
    where rest.slice(0, name.utf8CodeUnitCount).equalsIgnoringCase(name) {
      let start = run(text, place + name.utf8CodeUnitCount, limit: 12) { isSeparator($0) }
      // The longest session tokens have some 2,000 characters. A name that is a value's part again costs no more than that.
      let end = run(text, start, limit: kind == .awsSecretKey ? 128 : 4096) { isTokenByte($0) }
      if end - start >= least { return Found(kind: kind, range: start..<end) }
    }
    return nil
  }

  private static func webToken(_ text: ByteView, _ place: Int) -> Found? {
    guard text.slice(place).hasPrefix("eyJ"), !isWordByte(text[place - 1]) else { return nil }
    let first = run(text, place) { isWordByte($0) }
    guard text[first] == 0x2E, text.slice(first + 1).hasPrefix("eyJ") else { return nil }
    let second = run(text, first + 1) { isWordByte($0) }
    guard text[second] == 0x2E else { return nil }
    let third = run(text, second + 1) { isWordByte($0) }
    return third - place >= 40 ? Found(kind: .webToken, range: place..<third) : nil
  }

  private static func token(_ text: ByteView, _ place: Int) -> Found? {
    TokenShape.at(text, place).map { Found(kind: .accessToken, range: $0) }
  }

  private static func slackToken(_ text: ByteView, _ place: Int) -> Found? {
    for prefix in ["xoxb-", "xoxp-", "xoxa-", "xoxs-"] as [StaticString] {
      if let found = prefixed(text, place, prefix, .accessToken, least: 20, isWordByte) { return found }
    }
    return nil
  }

  /// `scheme://user:PASSWORD@host`; found at the colon before the slashes.
  private static func urlPassword(_ text: ByteView, _ place: Int) -> Found? {
    guard text[place + 1] == 0x2F, text[place + 2] == 0x2F, isWordByte(text[place - 1]) else { return nil }
    let user = run(text, place + 3, limit: 64) { isWordByte($0) || $0 == 0x2E || $0 == 0x25 }
    guard text[user] == 0x3A, user > place + 3 else { return nil }
    let end = run(text, user + 1, limit: 128) { $0 > 0x20 && $0 < 0x7F && $0 != 0x40 && $0 != 0x2F && $0 != 0x22 }
    guard text[end] == 0x40, end > user + 1 else { return nil }
    // `${…}` between the colon and the at sign is a lookup, the very thing that a reader must see.
    if text.slice(user + 1, end).firstIndex(of: 0x24) != nil { return nil }
    return Found(kind: .urlPassword, range: user + 1..<end)
  }

  private static func prefixed(
    _ text: ByteView, _ place: Int, _ prefix: StaticString, _ kind: SecretKind, least: Int,
    _ belongs: (UInt8) -> Bool
  ) -> Found? {
    guard text.slice(place).hasPrefix(prefix), !isWordByte(text[place - 1]) else { return nil }
    let end = run(text, place, belongs)
    return end - place >= least ? Found(kind: kind, range: place..<end) : nil
  }

  // MARK: Bytes

  private static func run(_ text: ByteView, _ start: Int, limit: Int = 1 << 16, _ belongs: (UInt8) -> Bool) -> Int {
    var place = start
    let end = min(text.count, start + limit)
    while place < end, belongs(text[place]) { place += 1 }
    return place
  }

  static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
      || byte == 0x5F
  }

  private static func isBase64Byte(_ byte: UInt8) -> Bool { isWordByte(byte) || byte == 0x2B || byte == 0x2F }

  private static func isTokenByte(_ byte: UInt8) -> Bool { isBase64Byte(byte) || byte == 0x3D || byte == 0x25 }

  /// What stands between a name and its value.
  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x22 || byte == 0x27 || byte == 0x3A || byte == 0x3D || byte == 0x5C
      || byte == 0x3E || byte == 0x0A
  }
}
