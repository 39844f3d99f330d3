// The attacker's side of Log4Shell: servers that answer a lookup, and the classes that they hand out.

rule JNDI_Exploit_Server_Archive
{
  meta:
    description = "A Java archive that holds the classes of a known server for JNDI injection."
    severity = "high"
    confidence = "high"
    attack = "T1588.005,T1190"
    author = "ir-analyze"
  strings:
    $a1 = "marshalsec/jndi/LDAPRefServer.class"
    $a2 = "marshalsec/jndi/RMIRefServer.class"
    $b1 = "com/feihong/ldap/LdapServer.class"
    $b2 = "com/feihong/ldap/controllers/"
    $c1 = "jndi/LDAPRefServer.class"
    $c2 = "jndi/RMIRefServer.class"
    $c3 = "util/Mapper.class"
    $d1 = "artsploit/LdapServer.class"
    $d2 = "artsploit/controllers/"
  condition:
    uint32be(0) == 0x504B0304 and filesize < 200MB
    and (all of ($a*) or all of ($b*) or all of ($c*) or all of ($d*))
}

rule JNDI_Exploit_Server_Command
{
  meta:
    description = "A command that starts a server for JNDI injection."
    severity = "medium"
    confidence = "medium"
    attack = "T1588.005,T1190"
    author = "ir-analyze"
  strings:
    $marshalsec = /java [^\r\n]{0,200}marshalsec\.jndi\.(LDAP|RMI)RefServer["']? +["']?https?:\/\//
    $kit = /java [^\r\n]{0,80}-jar +[^\s]{0,120}JNDI-?(Injection-)?Exploit(-Kit)?[^\s]{0,40}\.jar +-[A-Za-z]/
  condition:
    filesize < 64MB and any of them
}

rule JNDI_Payload_Class
{
  meta:
    description = "A small Java class that starts a shell command for download or a connection back when it is loaded."
    severity = "high"
    confidence = "medium"
    attack = "T1190,T1059.004"
    author = "ir-analyze"
  strings:
    $runtime = "java/lang/Runtime"
    $builder = "java/lang/ProcessBuilder"
    $exec = "exec"
    $loaded = "<clinit>"
    $factory = "javax/naming/spi/ObjectFactory"
    $shell = /\/bin\/(ba|da)?sh/
    $back1 = /\/dev\/(tcp|udp)\/[0-9a-z]/
    $back2 = /(curl|wget) [^\x00-\x1f]{1,200}\| *(ba)?sh/
    $back3 = /base64 +(-d|--decode)/
    $back4 = /base64,-d\}/
  condition:
    uint32be(0) == 0xCAFEBABE and filesize < 32KB and ($builder or ($runtime and $exec))
    and ($loaded or $factory) and $shell and any of ($back*)
}
