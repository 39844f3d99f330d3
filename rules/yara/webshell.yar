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
    $document = "<jsp:scriptlet"
    $exec1 = /getRuntime\(\)\s*\.\s*exec\s*\(\s*(new\s+String\s*\[\s*\]\s*\{[^}]{0,80})?request\s*\.\s*getParameter/
    $exec2 = /new\s+ProcessBuilder\s*\([^;]{0,120}request\s*\.\s*getParameter/
    $read = /String\s+([a-zA-Z_]\w{0,20})\s*=\s*request\s*\.\s*getParameter\s*\(/
    $run = /getRuntime\(\)\s*\.\s*exec\s*\(\s*(new\s+String\s*\[\s*\]\s*\{\s*"(\/bin\/|cmd)[^}]{0,60})?[a-zA-Z_]\w{0,20}\s*[\})]/
  condition:
    filesize < 256KB and ($page or $document) and ($exec1 or $exec2 or ($read and $run and @run[1] > @read[1] and @run[1] < @read[1] + 2000))
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

rule Web_Shell_JSP_Code
{
  meta:
    description = "A JSP page that evaluates a parameter of the request, calls a program by reflection, or writes into its own folder what the request says."
    severity = "high"
    confidence = "high"
    attack = "T1505.003"
    author = "ir-analyze"
  strings:
    $page = "<%"
    $document = "<jsp:scriptlet"
    $script = /getEngineBy(Name|Extension)\s*\([^;]{1,40}\)\s*\.\s*eval\s*\(\s*request\s*\.\s*getParameter/
    $runtime = /forName\s*\(\s*"java\.lang\.(Runtime|ProcessBuilder)"/
    $method = /getMethod\s*\(\s*"(exec|getRuntime)"/
    $parameter = /request\s*\.\s*getParameter\s*\(/
    $write = /FileOutputStream\s*\([^;]{0,80}getRealPath\s*\([^;]{0,80}request\s*\.\s*getParameter[^;]{0,120}write\s*\(\s*request\s*\.\s*getParameter/
  condition:
    filesize < 256KB and ($page or $document) and ($script or $write or ($runtime and $method and $parameter))
}

rule Web_Shell_PHP_Function_From_Request
{
  meta:
    description = "A PHP page that calls a function which the request names, or runs what it carries by way of another function."
    severity = "high"
    confidence = "high"
    attack = "T1505.003"
    author = "ir-analyze"
  strings:
    $open = "<?"
    $named = /\$\w{1,20}\s*=\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]\n]{1,40}\]\s*;\s*@?\$\w{1,20}\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $called = /\bcall_user_func(_array)?\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $mapped = /\b(array_map|array_filter|array_walk|usort|uasort|uksort|call_user_func|call_user_func_array|register_shutdown_function)\s*\(\s*["'](assert|eval|system|exec|passthru|shell_exec)["']\s*,[^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $replaced = /\bpreg_replace\s*\(\s*["'].{1,20}\/[imsxu]{0,4}e[imsxu]{0,4}["']\s*,\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
    $built = /\$(\w{1,20})\s*=\s*["'][a-z_]{1,8}["']\s*\.\s*["'][a-z_]{1,10}["'][^;\n]{0,40};\s*@?\$\w{1,20}\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
  condition:
    filesize < 1MB and $open and any of ($named, $called, $mapped, $replaced, $built)
}

rule Web_Shell_PHP_Decrypted_Request
{
  meta:
    description = "A PHP page that decrypts the request's body and evaluates it, as remote-control kits for web shells do."
    severity = "high"
    confidence = "medium"
    attack = "T1505.003,T1140"
    author = "ir-analyze"
  strings:
    $open = "<?"
    $body = "php://input"
    $decrypt = /\b(openssl_decrypt|mcrypt_decrypt|xor_?encode|encode)\s*\(\s*\$\w{1,20}\s*,/
    $evaluate = /\b(eval|assert|create_function)\s*\(\s*["']?\s*@?\$\w{1,20}/
  condition:
    filesize < 16KB and all of them
}

rule Web_Shell_ASP_Request_Executed
{
  meta:
    description = "An ASP page that evaluates what the request carries."
    severity = "high"
    confidence = "high"
    attack = "T1505.003"
    author = "ir-analyze"
  strings:
    $page = "<%"
    $evaluate = /\b(eval|execute|executeglobal)\s*\(?\s*request\s*(\(|\.\s*(item|form|querystring|params|cookies|headers)\b)/ nocase
  condition:
    filesize < 256KB and all of them
}
