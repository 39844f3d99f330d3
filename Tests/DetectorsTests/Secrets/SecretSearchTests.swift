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
    "price $6$ and $y$ more", "ghp_short", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk_test_4pL7qZ2xW9vB5nM3kJ8hG6fD",
    "eyJhbGciOi without the rest", "AKIAIOSFODNN7EXAMPLE alone",
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

  /// Drawn by chance, as services draw them.
  private let drawn = "4pL7qZ2xW9vB5nM3kJ8hG6fD1sA0rT7yU2iO5eC4wQ9mX3zN8bV1cK6jH0gF5dS2aP7"

  @Test(arguments: [
    ("gho_", 36), ("ghs_", 36), ("ghu_", 36), ("ghr_", 36), ("AIza", 35), ("sk_live_", 24), ("rk_live_", 60),
    ("npm_", 36), ("pypi-AgEIcHlwaS5vcmc", 60), ("dckr_pat_", 27),
    ("https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3EF/", 24),
  ])
  func tokensOfServicesAreKnown(lead: String, count: Int) {
    let token = lead + drawn.prefix(count)
    for text in ["TOKEN=\(token)\n", "{\"t\":\"\(token)\"}", "A=1\0T=\(token)\0B=2"] {
      #expect(scan(text).map(\.kind) == [.accessToken], "\(text)")
    }
    // Part of a longer word, cut, and as documents show it.
    let unknown = "x" + lead + drawn.prefix(count)
    if !lead.hasPrefix("https") { #expect(scan("TOKEN=\(unknown)\n").isEmpty) }
    #expect(scan("TOKEN=\(lead)\(drawn.prefix(8))\n").isEmpty)
    #expect(scan("TOKEN=\(lead)\(String(repeating: "x", count: count))\n").isEmpty)
  }

  /// Every lead over and over, each of which would reach to the end: hours, were the reach not bounded.
  @Test(arguments: [
    "secret_access_key=", "-----BEGIN RSA PRIVATE KEY-----", "$6$", "$y$a$", "eyJhbGciOiJ9.", "IQoJb3JpZ2lu", "ghp_",
    "sk_live_", "AIza",
    "session_token=",
  ])
  func repeatedLeadsAreLinear(lead: String) {
    let text = String(repeating: lead, count: (4 << 20) / lead.utf8.count)
    #expect(scan(text).count < 40_000)
  }
}
