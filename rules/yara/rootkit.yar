// Code that hides: preloaded libraries and kernel modules.

private rule ELF_Shared_Object
{
  condition:
    uint32be(0) == 0x7F454C46 and uint16(16) == 3
}

rule Preload_Process_Hider
{
  meta:
    description = "A small library that replaces readdir and looks at /proc/PID/stat of each entry: it hides processes by name."
    severity = "high"
    confidence = "high"
    attack = "T1574.006,T1014"
    author = "ir-analyze"
  strings:
    $hook1 = "readdir64"
    $hook2 = "readdir"
    $next = "dlsym"
    $where = "/proc/self/fd/%d"
    $who = /\/proc\/%s\/(stat|cmdline|comm)/
  condition:
    ELF_Shared_Object and filesize < 256KB and all of them
}

rule Preload_Rootkit
{
  meta:
    description = "A small library that knows /etc/ld.so.preload, replaces calls that list files, and holds a login or shell of its own."
    severity = "high"
    confidence = "medium"
    attack = "T1574.006,T1014,T1556.003"
    author = "ir-analyze"
  strings:
    $preload = "ld.so.preload"
    $next = "dlsym"
    $list1 = "readdir64"
    $list2 = "__xstat"
    $list3 = "fopen64"
    $list4 = "unlinkat"
    $login1 = "pam_authenticate"
    $login2 = "pam_acct_mgmt"
    $login3 = "getspnam"
    $net1 = "/proc/net/tcp"
    $shell1 = "HISTFILE="
    $shell2 = "/bin/sh"
    $shell3 = "/bin/bash"
  condition:
    ELF_Shared_Object and filesize < 1MB and $preload and $next and 2 of ($list*)
    and (any of ($login*) or $net1) and any of ($shell*)
}

rule Preload_File_Set
{
  meta:
    description = "/etc/ld.so.preload names a library in a directory that anybody may write to, or a hidden one."
    severity = "high"
    confidence = "high"
    attack = "T1574.006"
    author = "ir-analyze"
  strings:
    $library = /\/(tmp|var\/tmp|dev\/shm)\/[^\s]{1,200}|\/\.[a-z0-9_-]{1,60}(\/[^\s]{0,200})?\.so/
  condition:
    filename == "ld.so.preload" and filesize < 4KB and $library
}

rule Kernel_Module_Hides_Entries
{
  meta:
    description = "A kernel module that takes over the system calls which list directories and send signals, and takes itself off the list of modules."
    severity = "high"
    confidence = "medium"
    attack = "T1014,T1547.006"
    author = "ir-analyze"
  strings:
    $module = "init_module"
    $list1 = "getdents64"
    $list2 = "__x64_sys_getdents"
    $signal1 = "__x64_sys_kill"
    $signal2 = "hacked_kill"
    $signal3 = "orig_kill"
    $find1 = "kallsyms_lookup_name"
    $find2 = "sys_call_table"
    $hide1 = "module_hide"
    $hide2 = "hide_module"
    $hide3 = "module_hidden"
  condition:
    uint32be(0) == 0x7F454C46 and uint16(16) == 1 and filesize < 4MB and $module and any of ($list*)
    and any of ($signal*) and any of ($find*) and any of ($hide*)
}
