// Agents of post-exploitation kits, by what their authors built into them.

rule Metasploit_Linux_Stager
{
  meta:
    description = "A tiny ELF program that maps memory to write and run, fills it from a socket and jumps there: the first stage that the Metasploit framework makes for Linux."
    severity = "high"
    confidence = "high"
    attack = "T1059,T1105,T1620"
    author = "ir-analyze"
    reference = "https://docs.metasploit.com/docs/using-metasploit/basics/how-to-use-msfvenom.html"
  strings:
    // x86-64: mmap(0, 4096, 7, MAP_PRIVATE|MAP_ANONYMOUS), spelt as the generator spells it.
    $map64 = { 6A 09 58 99 B6 10 48 89 D6 4D 31 C9 6A 22 41 5A [0-4] B2 07 0F 05 }
    // x86-64: socket(AF_INET, SOCK_STREAM, 0)
    $socket64 = { 6A 29 58 99 6A 02 5F 6A 01 5E 0F 05 }
    // i386: socketcall(SYS_SOCKET) then connect to an address pushed as two words.
    $socket32 = { 31 DB F7 E3 53 43 53 6A 02 B0 66 89 E1 CD 80 }
    $connect32 = { 68 ?? ?? ?? ?? 68 02 00 ?? ?? 89 E1 }
  condition:
    uint32be(0) == 0x7F454C46 and filesize < 8KB and (($map64 and $socket64) or ($socket32 and $connect32))
}

rule Meterpreter_Linux_Agent
{
  meta:
    description = "An ELF program with the command names of the Meterpreter protocol."
    severity = "high"
    confidence = "high"
    attack = "T1059,T1071"
    author = "ir-analyze"
  strings:
    $core1 = "core_channel_open"
    $core2 = "core_negotiate_tlv_encryption"
    $core3 = "core_machine_id"
    $api1 = "stdapi_sys_process_execute"
    $api2 = "stdapi_net_config_get_interfaces"
    $api3 = "stdapi_fs_delete_file"
    $name = "mettle"
  condition:
    uint32be(0) == 0x7F454C46 and filesize < 32MB and 2 of ($core*) and (2 of ($api*) or $name)
}

rule Sliver_Agent
{
  meta:
    description = "A Go program built with the message types of the Sliver framework."
    severity = "high"
    confidence = "high"
    attack = "T1071,T1059"
    author = "ir-analyze"
    reference = "https://sliver.sh/docs"
  strings:
    $package1 = "bishopfox/sliver/protobuf/sliverpb"
    $package2 = "bishopfox/sliver/implant"
    $type1 = "sliverpb.Register"
    $type2 = "sliverpb.BeaconTasks"
    $type3 = "sliverpb.InvokeSpawnDllReq"
  condition:
    uint32be(0) == 0x7F454C46 and filesize < 128MB and any of ($package*) and any of ($type*)
}
