import Bytes
import Evidence
import Testing

@testable import Detectors

@Suite struct SecretSearchTests {
  private let secret = "LABwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKE"

  private func scan(_ text: String) -> [SecretSearch.Found] { text.withView { SecretSearch.scan($0) } }

  @Test func aSecretKeyIsNamedByTheIdBesideIt() throws {
    let answers = [
      "{\n  \"AccessKeyId\" : \"ASIA3XFRBF53EXAMPLE7\",\n  \"SecretAccessKey\" : \"\(secret)\",\n",
      "[default]\naws_access_key_id = ASIA3XFRBF53EXAMPLE7\naws_secret_access_key = \(secret)\n",
      "AWS_SECRET_ACCESS_KEY=\(secret)\0AWS_ACCESS_KEY_ID=ASIA3XFRBF53EXAMPLE7\0HOME=/root\0",
    ]
    for text in answers {
      let found = try #require(scan(text).first, "\(text)")
      #expect(found.kind == .awsSecretKey && found.accessKey == "ASIA3XFRBF53EXAMPLE7")
      #expect(text.utf8.dropFirst(found.range.lowerBound).prefix(found.range.count).elementsEqual(secret.utf8))
      #expect(found.fingerprint == String(Digest(of: Array(secret.utf8)).hex.prefix(8)))
    }
    #expect(scan("secretAccessKey: \(secret)").first?.accessKey == nil)
  }

  /// What programs, manuals and half-freed pages hold.
  @Test(arguments: [
    "SecretAccessKey\0SessionToken\0Expiration\0", "\"SecretAccessKey\" : \"LABwJalrXUtnFEMIK7MDENGbPxRfiCYEX\0\0\0",
    "aws_secret_access_key = <your secret>", "-----BEGIN RSA PRIVATE KEY-----\0-----BEGIN PRIVATE KEY-----\0",
    "price $6$ and $y$ more", "ghp_short", "eyJhbGciOi without the rest", "AKIAIOSFODNN7EXAMPLE alone",
  ])
  func whatOnlyLooksLikeOneIsNone(text: String) { #expect(scan(text).isEmpty) }

  @Test func keysHashesAndTokensAreKnown() {
    let body = String(repeating: "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/yGaXL1mV", count: 4)
    let hash = "root:$6$saltsalt$" + String(repeating: "aB3./xYz", count: 10) + "abcdef:19000:0:99999:7:::"
    let text =
      "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n-----END RSA PRIVATE KEY-----\n\(hash)\nghp_"
      + String(repeating: "a1B2", count: 9)
    #expect(scan(text).map(\.kind) == [.privateKey, .passwordHash, .accessToken])
  }

  @Test func tokensOfEveryBeginningAreKnown() {
    for (text, kind) in [
      ("FwoGZXIvYXdzE" + String(repeating: "a1B2c3D4", count: 20), SecretKind.awsSessionToken),
      ("svc:$5$saltsalt$" + String(repeating: "aB3./xYz", count: 5) + "abc:19000:", .passwordHash),
      ("SLACK=xoxa-" + String(repeating: "12ab", count: 8), .accessToken),
    ] {
      #expect(scan(text).map(\.kind) == [kind], "\(text)")
    }
    #expect(scan("FwoGZXIvYXdz alone, $5$ and xoxa-short").isEmpty)
  }

  /// Every lead over and over, each of which would reach to the end: hours, were the reach not bounded.
  @Test(arguments: [
    "secret_access_key=", "-----BEGIN RSA PRIVATE KEY-----", "$6$", "$y$a$", "eyJhbGciOiJ9.", "IQoJb3JpZ2lu", "ghp_",
    "session_token=",
  ])
  func repeatedLeadsAreLinear(lead: String) {
    let text = String(repeating: lead, count: (4 << 20) / lead.utf8.count)
    #expect(scan(text).count < 40_000)
  }
}
