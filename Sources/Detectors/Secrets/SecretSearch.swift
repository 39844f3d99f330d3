import Bytes
import Evidence

/// Finds secrets that lie open in bytes without records: memory, free pages, files of no known format.
///
/// Certain because each has a shape that chance does not make: an AWS secret key is some 40 characters of Base64 behind its name, a
/// private key goes on in Base64 behind its header, a password hash has its salt and length. One pass for rare literals, several
/// GB/s where there are none. What is found is named by kind and fingerprint; the secret itself is handed to nobody.
public enum SecretSearch {
  public static let version = 3

  public struct Found: Hashable, Sendable {
    public var kind: SecretKind
    /// First eight hexadecimal digits of the secret's SHA-256.
    public var fingerprint: String
    /// The id of the AWS key that the secret belongs to, where it stands nearby.
    public var accessKey: String?
    /// Of the secret.
    public var range: Range<Int>
  }

  private static let leads = LiteralSet(
    exact: [
      "-----BEGIN ", "$6$", "$5$", "$y$", "$gy$", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxs-",
      "eyJhbGci", "IQoJb3JpZ2lu", "FwoGZXIvYXdz",
    ] + TokenShape.leads,
    ignoringCase: ["secretaccesskey", "secret_access_key"])

  /// How far from its secret a key's id is looked for: the answer of the metadata service and a credentials file have it
  /// within a line or two, an environment within a few variables.
  private static let nearby = 512

  public static func scan(_ text: ByteView) -> [Found] {
    var found: [Found] = []
    leads.forEachMatch(in: text) { place, _ in
      guard let secret = SecretShape.at(text, place), isWhole(secret, in: text) else { return place + 1 }
      let value = text.slice(secret.range.lowerBound, secret.range.upperBound)
      found.append(
        Found(
          kind: secret.kind, fingerprint: String(Digest(of: value.array).hex.prefix(8)),
          accessKey: secret.kind == .awsSecretKey ? accessKey(near: secret.range, in: text) : nil, range: secret.range))
      return max(secret.range.upperBound, place + 1)
    }
    return found
  }

  /// Stricter than what is masked: bytes of programs hold the names of secrets, and fragments of them.
  private static func isWhole(_ secret: SecretShape.Found, in text: ByteView) -> Bool {
    let value = text.slice(secret.range.lowerBound, secret.range.upperBound)
    switch secret.kind {
    case .awsSecretKey: return (36...48).contains(value.count)
    case .passwordHash: return value.count >= 50
    case .privateKey:
      // Line ends and headers first, then Base64; a program that knows the words goes on in other bytes.
      let body = value.slice(0, 400).array.filter { $0 != 0x0A && $0 != 0x0D }
      return body.count >= 64 && body.allSatisfy { $0 > 0x1F && $0 < 0x7F }
    // A document's `ghp_xxxxxxxx…` is none.
    case .accessToken: return Set(value.array).count >= 7
    case .awsSessionToken, .webToken: return true
    case .urlPassword: return false
    }
  }

  private static func accessKey(near range: Range<Int>, in text: ByteView) -> String? {
    let before = text.slice(max(range.lowerBound - nearby, 0), range.lowerBound)
    let after = text.slice(range.upperBound, min(range.upperBound + nearby, text.count))
    return keys(in: before).last ?? keys(in: after).first
  }

  /// `AKIA` or `ASIA` and 16 letters and digits that nothing of their kind goes on from.
  private static func keys(in text: ByteView) -> [String] {
    var found: [String] = []
    var place = 0
    while place + 20 <= text.count {
      let head = text.slice(place, place + 4)
      if head.hasPrefix("AKIA") || head.hasPrefix("ASIA"), !isKeyByte(text[place - 1]), !isKeyByte(text[place + 20]) {
        let key = text.slice(place, place + 20)
        if key.array.allSatisfy(isKeyByte) { found.append(key.string) }
      }
      place += 1
    }
    return found
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
  }
}
