// Where the hole is: copies of log4j-core 2.0-beta9 to 2.14.1, without the versions 2.3.1 and 2.12.2 that were mended.

rule Log4j_Core_Vulnerable
{
  meta:
    description = "What Maven or the build writes into log4j-core of a version that looks JNDI names up in messages (CVE-2021-44228), be it a library of its own or part of another archive. Whether the class JndiLookup was taken out of it, it does not say."
    severity = "medium"
    confidence = "high"
    attack = "T1190"
    author = "ir-analyze"
  strings:
    $pom_name = "artifactId=log4j-core"
    $pom = /version=2\.(0(\.[12]|-beta9|-rc[12])?|[1-3]|4(\.1)?|5|6(\.[12])?|7|8(\.[12])?|9\.[01]|10\.0|11\.[0-2]|12\.[01]|13\.[0-3]|14\.[01])[\r\n]/
    $manifest_name = "Implementation-Title: Apache Log4j Core"
    $manifest = /Implementation-Version: 2\.(0(\.[12]|-beta9|-rc[12])?|[1-3]|4(\.1)?|5|6(\.[12])?|7|8(\.[12])?|9\.[01]|10\.0|11\.[0-2]|12\.[01]|13\.[0-3]|14\.[01])[\r\n]/
  condition:
    filesize < 64KB and (all of ($pom*) or all of ($manifest*))
}

rule Log4j_Core_Vulnerable_Named
{
  meta:
    description = "A list of files, of open files or of mapped ones, or a command, names a log4j-core that looks JNDI names up in messages (CVE-2021-44228)."
    severity = "low"
    confidence = "medium"
    attack = "T1190"
    author = "ir-analyze"
  strings:
    $name = /log4j-core-2\.(0(\.[12]|-beta9|-rc[12])?|[1-3]|4(\.1)?|5|6(\.[12])?|7|8(\.[12])?|9\.[01]|10\.0|11\.[0-2]|12\.[01]|13\.[0-3]|14\.[01])\.jar/
  condition:
    $name
}
