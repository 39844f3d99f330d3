// Pages that run what the request says.

rule Web_Shell_JSP_Command
{
  meta:
    description = "A JSP page that runs a parameter of the request as a command."
    severity = "high"
    confidence = "high"
    attack = "T1505.003"
    author = "ir-analyze"
  strings:
    $page = "<%"
    $exec1 = /getRuntime\(\)\s*\.\s*exec\s*\(\s*(new\s+String\s*\[\s*\]\s*\{[^}]{0,80})?request\s*\.\s*getParameter/
    $exec2 = /new\s+ProcessBuilder\s*\([^;]{0,120}request\s*\.\s*getParameter/
    $read = /String\s+([a-zA-Z_]\w{0,20})\s*=\s*request\s*\.\s*getParameter\s*\(/
    $run = /getRuntime\(\)\s*\.\s*exec\s*\(\s*(new\s+String\s*\[\s*\]\s*\{\s*"(\/bin\/|cmd)[^}]{0,60})?[a-zA-Z_]\w{0,20}\s*[\})]/
  condition:
    filesize < 256KB and $page and ($exec1 or $exec2 or ($read and $run and @run[1] > @read[1] and @run[1] < @read[1] + 2000))
}

rule Web_Shell_JSP_Class_Loader
{
  meta:
    description = "A JSP page that decrypts a class sent in the request and loads it, as remote-control kits for web shells do."
    severity = "high"
    confidence = "high"
    attack = "T1505.003,T1620"
    author = "ir-analyze"
  strings:
    $page = "<%"
    $loader = /extends\s+ClassLoader/
    $define = /super\s*\.\s*defineClass\s*\(|\bdefineClass\s*\(/
    $cipher = /Cipher\s*\.\s*getInstance\s*\(\s*"AES/
    $body1 = /request\s*\.\s*getReader\s*\(\)/
    $body2 = /request\s*\.\s*getInputStream\s*\(\)/
    $body3 = /request\s*\.\s*getParameter\s*\(/
  condition:
    filesize < 256KB and $page and $loader and $define and $cipher and any of ($body*)
}

rule Web_Shell_PHP_Request_Executed
{
  meta:
    description = "A PHP page that evaluates or runs what the request carries."
    severity = "high"
    confidence = "high"
    attack = "T1505.003"
    author = "ir-analyze"
  strings:
    $open = "<?"
    $direct = /\b(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec|create_function)\s*\(\s*@?\s*(base64_decode\s*\(\s*|gzinflate\s*\(\s*|str_rot13\s*\(\s*|stripslashes\s*\(\s*|trim\s*\(\s*){0,3}\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/ nocase
    $exec = /[^>:\w]exec\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $name = /\$_(GET|POST|REQUEST|COOKIE)\s*\[\s*['"]?\w{1,20}['"]?\s*\]\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $backtick = /`\s*\$_(GET|POST|REQUEST|COOKIE)\s*\[\s*['"]?\w{1,20}['"]?\s*\]\s*`/ nocase
  condition:
    filesize < 1MB and $open and ($direct or $exec or $name or $backtick)
}
