import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct AWSPartsTests {
  @Test func typesOfGuardDutyAreTakenApart() {
    let type = GuardDutyType("UnauthorizedAccess:EC2/MaliciousIPCaller.Custom")
    #expect(type?.purpose == "UnauthorizedAccess")
    #expect(type?.resource == "EC2")
    #expect(type?.family == "MaliciousIPCaller")
    #expect(type?.mechanism == "Custom")
    #expect(type?.artifact == nil)
    let query = GuardDutyType("Backdoor:EC2/C&CActivity.B!DNS")
    #expect(query?.mechanism == "B")
    #expect(query?.artifact == "DNS")
    #expect(query?.attack == ["T1071.004"])
    for text in ["", "Execution", "A:B", "A/B:C", ":B/C", "A:/C", "A:B/", "A:B/.C", "A:B/!C"] {
      #expect(GuardDutyType(text) == nil, "\(text)")
    }
  }

  @Test func identitiesAreDecoded() {
    let assumed = AWSIdentity(arn: "arn:aws:sts::444455556666:assumed-role/app-role/i-0123456789abcdef0")
    #expect(assumed.role == "app-role")
    #expect(assumed.session == "i-0123456789abcdef0")
    #expect(assumed.instance == "i-0123456789abcdef0")
    #expect(assumed.account == "444455556666")
    #expect(assumed.words == "role app-role, session i-0123456789abcdef0,")
    #expect(AWSIdentity(arn: "arn:aws:iam::1:user/team/kim").user == "kim")
    #expect(AWSIdentity(arn: "arn:aws:iam::1:root").words == "the root user")
    let named = AWSIdentity(arn: "arn:aws:sts::1:assumed-role/app-role/kim@example.org")
    #expect(named.instance == nil)
    for text in ["", "arn", "arn:aws:sts::1:assumed-role/", "arn:aws:sts::1:assumed-role/r"] {
      #expect(AWSIdentity(arn: text).instance == nil)
    }
    #expect(AWSIdentity(nil).entities.isEmpty)
  }

  @Test func theRoleThatAnInstanceHasOfItself() {
    func identity(_ principal: String) -> AWSIdentity {
      AWSIdentity(type: "AssumedRole", principal: principal, accessKey: nil, user: "aws:ec2-instance")
    }
    let own = identity("111122223333:aws:ec2-instance:i-0123456789abcdef0")
    #expect(own.session == "i-0123456789abcdef0" && own.instance == "i-0123456789abcdef0")
    #expect(own.words == "role aws:ec2-instance, session i-0123456789abcdef0,")
    #expect(identity("AROAX:aws:ec2-instance:i-0123456789abcdef0").instance == "i-0123456789abcdef0")
    #expect(identity("AROAX:i-0123456789abcdef0").instance == "i-0123456789abcdef0")
    // Colons elsewhere are part of the name.
    #expect(identity("accounts.google.com:app:user1").session == "app:user1")
    #expect(identity("111122223333:aws:ec2-instance:").session == nil)
  }

  @Test func millisecondsMayHaveAFraction() {
    func time(_ text: String) -> Timestamp? { text.withView { JSONView($0).milliseconds } }
    let half = time("1732512251123.5")
    #expect(half?.nanoseconds == 1_732_512_251_123_500_000 && half?.precision == .microsecond)
    #expect(time("\"1732512251123.25\"")?.nanoseconds == 1_732_512_251_123_250_000)
    #expect(time("1732512251123.1234567")?.nanoseconds == 1_732_512_251_123_123_456)
    #expect(time("1732512251123")?.precision == .millisecond)
    #expect(time("-1")?.nanoseconds == -1_000_000)
    for text in [
      "-0.5", "1.", ".5", "1.-5", "1.+5", "1.2.3", "0.9999999999", "9223372036854.999999", "253402300799000", "1e12",
      "{}",
    ] {
      #expect(time(text) == nil, "\(text)")
    }
  }

  @Test func instanceIds() {
    #expect(AWSIdentity.isInstance("i-0123456789abcdef0"))
    #expect(AWSIdentity.isInstance("i-01234567"))
    for text in ["i-", "i-0123456", "i-0123456789abcdefg", "x-01234567", "botocore-session-1"] {
      #expect(!AWSIdentity.isInstance(text), "\(text)")
    }
  }

  @Test func sameIdentifierWithOtherContentIsNoRepetition() {
    var seen = SeenRecords(capacity: 2)
    func insert(_ name: String, _ content: String) -> Bool {
      name.withView { name in content.withView { seen.insert(name, $0) } }
    }
    let uuid = "5f3a1c52-77aa-4f0e-9c11-0a1b2c3d4e5f"
    #expect(insert(uuid, "x") && !insert(uuid, "x"))
    #expect(insert(String(uuid.dropLast()) + "e", "x"), "identifiers are told apart by all their digits")
    #expect(insert(uuid.uppercased(), "x"), "and as they are written")
    seen = SeenRecords(capacity: 2)
    #expect(insert("a", "one, of some length"))
    #expect(!insert("a", "one, of some length"))
    #expect(insert("a", "two, of some length"))
    for index in 0..<10 { #expect(insert("b\(index)", "x")) }
    #expect(insert("a", "one, of some length"), "memory is bounded: what lies far back is forgotten")
  }

  @Test func identifiersAreToldApartByTheirBits() {
    func uuid(_ text: String) -> [UInt64]? { text.withView { SeenRecords.uuid($0).map { [$0.0, $0.1] } } }
    let text = "0123456f-89ab-4cde-8f01-23456789abcd"
    let whole = uuid(text)
    #expect(whole != nil && uuid("ffffffff-ffff-ffff-ffff-ffffffffffff") == [.max, .max])
    #expect(uuid("00000000-0000-0000-0000-000000000000") == [0, 0])
    for (place, letter) in text.enumerated() where letter != "-" {
      var changed = Array(text)
      // Every other digit gives another value; what is no lower-case digit gives none.
      for digit in "0123456789abcdef" where digit != letter {
        changed[place] = digit
        #expect(uuid(String(changed)) != nil && uuid(String(changed)) != whole)
      }
      for other in ["g", "A", "F", "/", ":", "`", "@", " ", "\u{7f}"] as [Character] {
        changed[place] = other
        #expect(uuid(String(changed)) == nil, "\(other) at \(place)")
      }
    }
    for broken in ["", "0123456f89ab4cde8f0123456789abcd", text + "0", String(text.dropLast())] {
      #expect(uuid(broken) == nil)
    }
  }

  /// One identifier for all, as a forged log may have: nothing is lost, and it takes no longer than others do.
  @Test func manyContentsUnderOneIdentifier() {
    var seen = SeenRecords()
    let name = Array("5f3a1c52-77aa-4f0e-9c11-0a1b2c3d4e5f".utf8)
    var added = 0
    for round in 0..<2 {
      for number in 0..<100_000 {
        let isNew = name.withView { name in "record \(number)".withView { seen.insert(name, $0) } }
        #expect(isNew == (round == 0))
        added += isNew ? 1 : 0
      }
    }
    #expect(added == 100_000)
  }

  @Test func accessLogFieldsKeepQuotesInside() {
    func fields(_ line: String) -> [String] {
      line.withView { view in
        let fields = AccessLogFields(view)
        return (0..<fields.count).map { fields[$0].string }
      }
    }
    #expect(fields(#"a "b c" [d e] - "" f"#) == ["a", "b c", "d e", "-", "", "f"])
    #expect(fields(#""say \"x\" twice" z"#) == [#"say \"x\" twice"#, "z"])
    #expect(fields(#""say "x" twice"#) == [#"say "x"#, #"twice"#])
    #expect(fields(#""unclosed and more"#) == ["unclosed and more"])
    #expect(fields("[unclosed") == ["unclosed"])
    #expect(fields("   ") == [])
  }

  @Test func requestLines() {
    func line(_ text: String) -> RequestLine { text.withView { RequestLine($0) } }
    let whole = line("GET https://[2001:db8::1]:443/a b?x=?&y HTTP/1.1")
    #expect(whole.host == "2001:db8::1")
    #expect(whole.uri == "/a b")
    #expect(whole.query == "x=?&y")
    #expect(whole.version == "HTTP/1.1")
    let path = line("POST /a")
    #expect(path.method == "POST" && path.uri == "/a" && path.host == nil && path.version == nil)
    let broken = line("- http://shop.example:80- -")
    #expect(broken.host == "shop.example" && broken.method == nil && broken.uri == nil)
    #expect(line("-").uri == nil)
    #expect(line("").url == "")
    #expect(line("GET /" + String(repeating: "é", count: 5000)).url.utf8.count <= 4102)
  }

  @Test func timesOfS3() {
    func time(_ text: String) -> Timestamp? { text.withView { S3AccessFormat.time($0) } }
    #expect(time("06/Feb/2026:00:00:38 +0000") == Timestamp(iso8601: "2026-02-06T00:00:38Z"))
    #expect(time("06/Feb/2026:09:00:38 +0900")?.nanoseconds == Timestamp(iso8601: "2026-02-06T00:00:38Z")?.nanoseconds)
    for text in [
      "", "06/Feb/2026", "30/Feb/2026:00:00:00 +0000", "06/Fob/2026:00:00:38 +0000",
      "99999999999/Feb/2026:00:00:38 +0000",
    ] {
      #expect(time(text) == nil, "\(text)")
    }
  }
}
