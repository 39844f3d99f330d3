// Log4Shell (CVE-2021-44228) text as it stands in logs, request bodies, captured traffic and memory.
// An attempt is no success: what was only sent is medium, what carries a command for the victim is high.

rule Log4Shell_JNDI_Lookup
{
  meta:
    description = "A JNDI lookup to a remote server, in plain text or URL-encoded, as Log4Shell attempts send it."
    severity = "medium"
    confidence = "high"
    attack = "T1190"
    author = "ir-analyze"
    reference = "https://nvd.nist.gov/vuln/detail/CVE-2021-44228"
  strings:
    $plain = /\$\{jndi:(ldaps?|rmi|dns|iiop|corba|nis|nds|https?):\/\/[A-Za-z0-9\[$]/ nocase ascii wide
    $encoded = /%24%7Bjndi(:|%3A)(ldaps?|rmi|dns|iiop|corba|nis|nds|https?)(:|%3A)(\/|%2F){2}/ nocase
  condition:
    any of them
}

rule Log4Shell_JNDI_Obfuscated
{
  meta:
    description = "A JNDI lookup whose letters are hidden in nested lookups, which nobody writes except to get past a filter."
    severity = "medium"
    confidence = "high"
    attack = "T1190,T1027"
    author = "ir-analyze"
    reference = "https://logging.apache.org/log4j/2.x/manual/lookups.html"
  strings:
    $j = /\$\{\$\{[^{}$\r\n]{0,40}j\}(n|\$\{[^{}$\r\n]{0,40}n\})(d|\$\{[^{}$\r\n]{0,40}d\})(i|\$\{[^{}$\r\n]{0,40}i\})/ nocase
    $n = /\$\{j\$\{[^{}$\r\n]{0,40}n\}(d|\$\{[^{}$\r\n]{0,40}d\})(i|\$\{[^{}$\r\n]{0,40}i\})/ nocase
    $d = /\$\{jn\$\{[^{}$\r\n]{0,40}d\}(i|\$\{[^{}$\r\n]{0,40}i\})/ nocase
    $i = /\$\{jnd\$\{[^{}$\r\n]{0,40}i\}/ nocase
    $colon = /\$\{jndi\$\{[^{}$\r\n]{0,40}:\}/ nocase
  condition:
    any of them
}

rule Log4Shell_Command_For_Victim
{
  meta:
    description = "A JNDI lookup in the address form of exploit servers that hand out a command: the path names the technique and carries the command in Base64."
    severity = "high"
    confidence = "high"
    attack = "T1190,T1059.004"
    author = "ir-analyze"
  strings:
    $plain = /\$\{jndi:(ldap|rmi)s?:\/\/[^\s"'<>{}\/]{3,255}\/(Basic|TomcatBypass|GroovyBypass|WebsphereBypass|Deserialization\/[A-Za-z0-9]{3,40})\/(Command|ReverseShell|TomcatEcho|SpringEcho)\/[A-Za-z0-9%]/ nocase
    $encoded = /%24%7Bjndi%3A(ldap|rmi)s?%3A%2F%2F[^\s"'<>{}\/&]{3,255}%2F(Basic|TomcatBypass|GroovyBypass|WebsphereBypass)%2F(Command|ReverseShell|TomcatEcho|SpringEcho)%2F[A-Za-z0-9%]/ nocase
  condition:
    any of them
}
