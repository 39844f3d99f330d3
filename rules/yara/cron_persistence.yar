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
    $timed = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){5}([a-z_][a-z0-9_-]{0,31}[ \t]+)?([^\n#]{0,100}[ \t;&])?\/(tmp|var\/tmp|dev\/shm)\/([^\s\/]{1,60}\/)?\.[A-Za-z0-9_-]/
    $named = /(\n|^)[ \t]*@(reboot|hourly|daily|weekly|monthly)[ \t]+([a-z_][a-z0-9_-]{0,31}[ \t]+)?([^\n#]{0,100}[ \t;&])?\/(tmp|var\/tmp|dev\/shm)\/([^\s\/]{1,60}\/)?\.[A-Za-z0-9_-]/
  condition:
    filesize < 1MB and any of them
}

rule Cron_Downloads_Into_Shell
{
  meta:
    description = "A crontab line that downloads something and runs it at once."
    severity = "high"
    confidence = "high"
    attack = "T1053.003,T1105"
    author = "ir-analyze"
  strings:
    $timed = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){5}[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $named = /(\n|^)[ \t]*@(reboot|hourly|daily)[ \t]+[^\n#]{0,120}\b(curl|wget)\b[^\n]{1,200}\| *(\/bin\/)?(ba|da)?sh\b/
    $shell = /(\n|^)[ \t]*([0-9*][0-9*,\/-]{0,40}[ \t]+){5}[^\n#]{0,120}\/dev\/tcp\/[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,5}/
  condition:
    filesize < 1MB and any of them
}
