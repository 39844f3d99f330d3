// Scripts that fetch, hide and call home.

rule Script_Beacon_Over_Dev_Tcp
{
  meta:
    description = "A shell script that in a loop opens a connection to a fixed address through /dev/tcp, tells who and where it is, and listens for lines."
    severity = "high"
    confidence = "high"
    attack = "T1059.004,T1095,T1082"
    author = "ir-analyze"
  strings:
    $open = /exec +[0-9]{1,3}<> *\/dev\/(tcp|udp)\/([0-9]{1,3}(\.[0-9]{1,3}){3}|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,4})\/[0-9]{1,5}/
    $loop = /\b(while|until) +[^\n]{1,120}(;|\n) *do\b/
    $pause = /\bsleep +[0-9$]/
    $self = /(\$\(|`)(\/usr\/bin\/|\/bin\/)?(hostname|id|whoami|uname)\b/
    $send = /\b(echo|printf|cat)\b[^\n]{0,160}>& *[0-9]{1,3}\b/
    $receive = /\bread\b[^\n]{0,60}<& *[0-9]{1,3}\b/
  condition:
    filesize < 256KB and uint16be(0) == 0x2321 and all of them
}

rule Script_Dropper_Into_Hidden_File
{
  meta:
    description = "A script that downloads to a hidden file in a world-writable directory and makes it executable."
    severity = "high"
    confidence = "medium"
    attack = "T1105,T1564.001"
    author = "ir-analyze"
  strings:
    $fetch = /\b(curl|wget)\b[^\n]{0,200}(-o|-O|--output|>|--output-document[= ]) *["']?\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_-]/
    $ready = /\bchmod +([0-7]{0,1}[1357][0-7]{2}|[ugoa]{0,4}\+[rws]{0,3}x[rws]{0,3}) +["']?\/(tmp|var\/tmp|dev\/shm)\/\.[A-Za-z0-9_-]/
  condition:
    filesize < 256KB and all of them
}

rule Script_Dropper_Piped_Into_Shell
{
  meta:
    description = "A script that runs what it downloads from a bare public address and then settles in or hides: cron, history, logs or other programs of its kind."
    severity = "high"
    confidence = "medium"
    attack = "T1105,T1059.004"
    author = "ir-analyze"
  strings:
    $pipe = /\b(curl|wget)\b[^\n|]{0,120}https?:\/\/(([1-9]|1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[345][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[0-4][0-9]|25[0-5])\.[0-9]{1,3}|172\.([0-9]|1[0-5]|3[2-9]|[4-9][0-9]|[12][0-9][0-9])|192\.([0-9]|[1-9][0-9]|1[0-57-9][0-9]|16[0-79]|2[0-9][0-9]))(\.[0-9]{1,3}){2}[\/:][^\n|]{0,120}\| *(ba|da)?sh\b/
    $cron = /crontab +-[^lr\n]{0,20}|\/(etc\/cron|var\/spool\/cron)/
    $history = /\bhistory +-c\b|\bunset +HISTFILE\b|HISTFILE=\/dev\/null|HISTSIZE=0/
    $logs = /(rm +-[rf]{1,2} +|>\s*)\/var\/log\/[a-z]/
    $rivals = /\b(pkill|killall)\b[^\n]{0,40}\b(xmrig|kinsing|kdevtmpfsi|minerd|watchbog)/
  condition:
    filesize < 256KB and $pipe and ($cron or $history or $logs or $rivals)
}

rule Script_Pipes_Public_Address_Into_Shell
{
  meta:
    description = "A script that runs what it downloads from a bare public address, as the user data of an instance that was taken over does."
    severity = "medium"
    confidence = "medium"
    attack = "T1105,T1059.004"
    author = "ir-analyze"
  strings:
    $pipe = /\b(curl|wget)\b[^\n|]{0,120}https?:\/\/(([1-9]|1[1-9]|[2-9][0-9]|1[01][0-9]|12[0-689]|1[345][0-9]|16[0-8]|17[013-9]|18[0-9]|19[013-9]|2[0-4][0-9]|25[0-5])\.[0-9]{1,3}|172\.([0-9]|1[0-5]|3[2-9]|[4-9][0-9]|[12][0-9][0-9])|192\.([0-9]|[1-9][0-9]|1[0-57-9][0-9]|16[0-79]|2[0-9][0-9]))(\.[0-9]{1,3}){2}[\/:][^\n|]{0,120}\| *(ba|da)?sh\b/
  condition:
    filesize < 256KB and uint16be(0) == 0x2321 and $pipe and not Script_Dropper_Piped_Into_Shell
}

rule Script_Dropper_By_Architecture
{
  meta:
    description = "A script that fetches one program for every processor there is and runs each, as bots for small devices spread."
    severity = "high"
    confidence = "high"
    attack = "T1105,T1059.004"
    author = "ir-analyze"
  strings:
    $fetch = /\b(wget|curl)\b[^\n;]{0,80}(http|https|ftp):\/\/[0-9]{1,3}(\.[0-9]{1,3}){3}[\/:]/
    $ready = /\bchmod +(\+x|[0-7]{0,1}77[0-7])/
    $run = /(;|\n|&&)\s*(sh )?\.\/["']?[$A-Za-z0-9]/
    $gone = /\brm +-r?f/
    $mips = /\bmips(el|64)?\b|[._-]mips\b|\bmpsl\b/
    $arm = /[._ \/-]arm(v?[4-7]l?|64)?\b/
    $other = /[._ \/-](sh4|m68k|spc|sparc|ppc|x86|i[56]86)\b/
  condition:
    filesize < 64KB and all of them
}
