// Shells that call back. Whole one-liners with the address in them: a manual page names the parts, an attacker the whole.

rule Reverse_Shell_One_Liner
{
  meta:
    description = "A complete command that connects a shell to a remote address."
    severity = "medium"
    confidence = "high"
    attack = "T1059.004,T1095"
    author = "ir-analyze"
  strings:
    $bash = /sh +-i +(>&|&>|[0-9]?<>?|>) *\/dev\/(tcp|udp)\/[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,5} +[0-9]?[<>]&/
    $descriptor = /exec +[0-9]{1,3}<> *\/dev\/tcp\/[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,5} *[;&\n][^\r\n]{0,80}sh +<&/
    $netcat = /\b(nc|ncat|netcat)(\.traditional)? [^\r\n|]{0,40}-[a-z]*[ec] *["']?(\/usr)?(\/bin\/)(ba|da|z|k)?sh["']? +[0-9]{1,3}(\.[0-9]{1,3}){3} +[0-9]{1,5}/
    $netcat_last = /\b(nc|ncat|netcat)(\.traditional)? +([^\r\n|]{0,30} )?[0-9]{1,3}(\.[0-9]{1,3}){3} +[0-9]{1,5} +-[a-z]*([ec] *["']?(\/usr)?\/bin\/(ba|da|z|k)?sh|[ec] *["']?(ba|da)sh|[ec] sh|[ec] zsh|[ec] ksh)\b/
    $fifo = /mkfifo +[^\s;]{1,80} *(;|&&)[^\r\n]{0,120}sh +-i[^\r\n]{0,20}\| *(nc|ncat|netcat|telnet|openssl s_client)[^\r\n]{1,80}>/
    $python = /socket\.socket\([^\r\n]{0,80}\.connect\(\(["'][0-9]{1,3}(\.[0-9]{1,3}){3}["'], *[0-9]{1,5}\)\)[^\r\n]{0,40}dup2\([^\r\n]{0,200}(pty\.spawn|subprocess\.|os\.system|os\.exec)/
    $perl = /use Socket;[^\r\n]{0,40}\$i=["'][0-9]{1,3}(\.[0-9]{1,3}){3}["'];[^\r\n]{0,200}exec\(["']\/bin\/(ba|da)?sh -i/
    $php = /fsockopen\(["'][0-9]{1,3}(\.[0-9]{1,3}){3}["'], *[0-9]{1,5}\);[^\r\n]{0,40}(exec|shell_exec|system|passthru|proc_open)\(["'][^"'\r\n]{0,20}sh -i/
    $ruby = /TCPSocket\.(new|open)\(["'][0-9]{1,3}(\.[0-9]{1,3}){3}["'], *["']?[0-9]{1,5}["']?\)[^\r\n]{0,80}(exec|IO\.popen|spawn)/
    $socat = /socat +[^\r\n]{0,60}(tcp|openssl)(4|-connect)?:[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}[^\r\n]{0,60}exec:['"]?[^\s]{0,20}sh\b/ nocase
    $socat_first = /socat +[^\r\n]{0,20}exec:['"]?[^\r\n]{0,60}sh\b[^\r\n]{0,60}(tcp|openssl)(4|-connect)?:[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}/ nocase
  condition:
    filesize < 16MB and any of them
}

rule Reverse_Shell_Wrapped_In_Base64
{
  meta:
    description = "A shell that calls back, wrapped in Base64 (`bash -i >&`, `/dev/tcp/`) beside the command that unwraps and runs it."
    severity = "medium"
    confidence = "high"
    attack = "T1059.004,T1027"
    author = "ir-analyze"
  strings:
    $shell = "bash -i >& /dev/tcp/" base64
    $unwrap = /base64 *,? *(-d|--decode|-D)\}? *\|? *\|? *\{?(ba|da|z)?sh/
  condition:
    filesize < 16MB and all of them
}

rule Reverse_Shell_Script
{
  meta:
    description = "A script that joins a socket to the standard streams of a shell."
    severity = "high"
    confidence = "medium"
    attack = "T1059"
    author = "ir-analyze"
  strings:
    $python1 = /\.connect\( *\(/
    $python2 = /os\.dup2\( *[a-z_]{1,20}\.fileno\(\) *, *[012] *\)/
    $python3 = /(pty\.spawn|subprocess\.(call|run|Popen)|os\.exec[lv]p?)\( *\[? *["'](\/bin\/)?(ba|da|z)?sh["']/
    $perl1 = /connect\( *[A-Z$]/
    $perl2 = /open\( *STDIN *, *["']>&/
    $perl3 = /exec *[({] *["']\/bin\/(ba|da)?sh/
  condition:
    filesize < 256KB and uint16be(0) == 0x2321 and (all of ($python*) or all of ($perl*))
}
