// Lines of crontabs that nobody but an intruder writes.

rule Cron_Runs_Hidden_File
{
  meta:
    description = "A crontab line that runs a hidden file from a world-writable directory."
    severity = "high"
    confidence = "high"
    attack = "T1053.003,T1564.001"
    author = "ir-analyze"
  strings:
    $timed = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){4}([0-7]|\*(\/[0-7])?|[0-7]([,-][0-7]){1,6}|[A-Za-z]{3}([,-][A-Za-z]{3}){0,6})[ \t]+([a-z_][a-z0-9_-]{0,31}[ \t]+)?([^\n#]{0,100}[ \t;&])?\/(tmp|var\/tmp|dev\/shm)\/([^\s\/]{1,60}\/)?\.[A-Za-z0-9_-]/
    $named = /(\n|^)[ \t]*@(reboot|hourly|daily|weekly|monthly)[ \t]+([a-z_][a-z0-9_-]{0,31}[ \t]+)?([^\n#]{0,100}[ \t;&])?\/(tmp|var\/tmp|dev\/shm)\/([^\s\/]{1,60}\/)?\.[A-Za-z0-9_-]/
  condition:
    filesize < 1MB and any of them
}

rule Cron_Downloads_Into_Shell
{
  meta:
    description = "A crontab line that downloads from a bare public address, or from where anybody may put a file, and runs it at once."
    severity = "high"
    confidence = "high"
    attack = "T1053.003,T1105"
    author = "ir-analyze"
  strings:
    // The day of the week has one digit: rows of `ps alx` begin with numbers too.
    $timed_address = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){4}([0-7]|\*(\/[0-7])?|[0-7]([,-][0-7]){1,6}|[A-Za-z]{3}([,-][A-Za-z]{3}){0,6})[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,120}[ \t"'\/](([1-9]|1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[345][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[0-4][0-9]|25[0-5])\.[0-9]{1,3}|172\.([0-9]|1[0-5]|3[2-9]|[4-9][0-9]|[12][0-9][0-9])|192\.([0-9]|[1-9][0-9]|1[0-57-9][0-9]|16[0-79]|2[0-9][0-9]))(\.[0-9]{1,3}){2}[\/:][^\n]{0,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $named_address = /(\n|^)[ \t]*@(reboot|hourly|daily)[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,120}[ \t"'\/](([1-9]|1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[345][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[0-4][0-9]|25[0-5])\.[0-9]{1,3}|172\.([0-9]|1[0-5]|3[2-9]|[4-9][0-9]|[12][0-9][0-9])|192\.([0-9]|[1-9][0-9]|1[0-57-9][0-9]|16[0-79]|2[0-9][0-9]))(\.[0-9]{1,3}){2}[\/:][^\n]{0,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $timed_drop = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){4}([0-7]|\*(\/[0-7])?|[0-7]([,-][0-7]){1,6}|[A-Za-z]{3}([,-][A-Za-z]{3}){0,6})[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,120}(pastebin\.com|paste\.ee|hastebin\.com|ix\.io|0x0\.st|transfer\.sh|termbin\.com|file\.io|bashupload\.com|oshi\.at|temp\.sh|\.onion|\.ngrok|trycloudflare\.com|duckdns\.org)[^\n]{0,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $named_drop = /(\n|^)[ \t]*@(reboot|hourly|daily)[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,120}(pastebin\.com|paste\.ee|hastebin\.com|ix\.io|0x0\.st|transfer\.sh|termbin\.com|file\.io|bashupload\.com|oshi\.at|temp\.sh|\.onion|\.ngrok|trycloudflare\.com|duckdns\.org)[^\n]{0,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $shell = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){4}([0-7]|\*(\/[0-7])?|[0-7]([,-][0-7]){1,6}|[A-Za-z]{3}([,-][A-Za-z]{3}){0,6})[ \t]+[^\n#]{0,120}\/dev\/tcp\/[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,5}/
  condition:
    filesize < 1MB and any of them
}

rule Cron_Downloads_Into_Shell_By_Name
{
  meta:
    description = "A crontab line that runs what it downloads from a name or a private address, as installers and agents of vendors do as well."
    severity = "medium"
    confidence = "medium"
    attack = "T1053.003,T1105"
    author = "ir-analyze"
  strings:
    $timed = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){4}([0-7]|\*(\/[0-7])?|[0-7]([,-][0-7]){1,6}|[A-Za-z]{3}([,-][A-Za-z]{3}){0,6})[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $named = /(\n|^)[ \t]*@(reboot|hourly|daily)[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,200}\| *(\/bin\/)?(ba|da)?sh\b/
  condition:
    filesize < 1MB and any of them and not Cron_Downloads_Into_Shell
}
