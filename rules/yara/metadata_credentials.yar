// The instance's own credentials, taken from the metadata service.

rule Metadata_Credentials_Sent_Away
{
  meta:
    description = "A script that reads the role's credentials from the metadata service and sends something to a bare address."
    severity = "high"
    confidence = "medium"
    attack = "T1552.005,T1041"
    author = "ir-analyze"
  strings:
    $read = /169\.254\.169\.254\/(latest|20[0-9]{2}-[0-9]{2}-[0-9]{2})\/meta-data\/iam\/security-credentials/
    $post = /\bcurl\b[^\n]{0,200}(-d|--data[a-z-]{0,12}|-F|--form|-T|--upload-file|-X *POST)[^\n]{0,200}https?:\/\/[0-9]{1,3}(\.[0-9]{1,3}){3}/
    $post_last = /\bcurl\b[^\n]{0,120}https?:\/\/[0-9]{1,3}(\.[0-9]{1,3}){3}[^\n]{0,120}(-d|--data[a-z-]{0,12}|-F|--form|-T|--upload-file) /
    $wget = /\bwget\b[^\n]{0,120}--post-(data|file)[^\n]{0,120}https?:\/\/[0-9]{1,3}(\.[0-9]{1,3}){3}/
    $netcat = /\| *(nc|ncat|netcat) [^\n]{0,40}[0-9]{1,3}(\.[0-9]{1,3}){3} +[0-9]{1,5}/
    $device = /> *\/dev\/tcp\/[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,5}/
  condition:
    filesize < 256KB and $read and any of ($post*, $wget, $netcat, $device)
}

rule Metadata_Credentials_Read_By_Script
{
  meta:
    description = "A shell script that reads the role's credentials from the metadata service. Some tools for administration do so too."
    severity = "low"
    confidence = "medium"
    attack = "T1552.005"
    author = "ir-analyze"
  strings:
    $read = /(curl|wget|GET)\b[^\n]{0,200}169\.254\.169\.254\/(latest|20[0-9]{2}-[0-9]{2}-[0-9]{2})\/meta-data\/iam\/security-credentials/
  condition:
    filesize < 256KB and uint16be(0) == 0x2321 and $read
}
