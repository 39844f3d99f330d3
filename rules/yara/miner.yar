// Coin miners.

rule Miner_Configuration
{
  meta:
    description = "The configuration file of a miner of the xmrig family."
    severity = "high"
    confidence = "high"
    attack = "T1496"
    author = "ir-analyze"
    reference = "https://xmrig.com/docs/miner/config"
  strings:
    $pools = /"pools"\s*:\s*\[/
    $donate = /"donate-level"\s*:/
    $algorithm = /"(rx\/0|rx\/wow|cn\/|randomx|cn-lite|argon2)/
    $user = /"user"\s*:\s*"/
    $keepalive = /"(nicehash|keepalive|rig-id)"\s*:/
  condition:
    filesize < 256KB and $pools and $donate and $user and ($algorithm or $keepalive)
}

rule Miner_Program
{
  meta:
    description = "A program that speaks the stratum protocol and computes RandomX or CryptoNight: a miner."
    severity = "high"
    confidence = "high"
    attack = "T1496"
    author = "ir-analyze"
  strings:
    $stratum1 = "stratum+tcp://"
    $stratum2 = "stratum+ssl://"
    $work1 = "mining.subscribe"
    $work2 = "\"method\":\"login\""
    $work3 = "donate-level"
    $hash1 = "randomx" nocase
    $hash2 = "cryptonight" nocase
  condition:
    uint32be(0) == 0x7F454C46 and filesize < 64MB and any of ($stratum*) and any of ($work*) and any of ($hash*)
}

rule Miner_Command_Line
{
  meta:
    description = "A command line that starts a miner against a pool."
    severity = "medium"
    confidence = "medium"
    attack = "T1496"
    author = "ir-analyze"
  strings:
    $pool = /(-o|--url)[ =]["']?stratum\+(tcp|ssl):\/\/[a-z0-9.-]{3,100}:[0-9]{2,5}/
    $who = /(-u|--user)[ =]["']?[A-Za-z0-9.+_-]{20,}/
  condition:
    filesize < 16MB and all of them
}
