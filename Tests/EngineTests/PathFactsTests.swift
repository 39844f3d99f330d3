import Testing

@testable import Engine

struct PathFactsTests {
  @Test(arguments: [
    ("disk/root.tar.gz!/tmp/.x", "/tmp/.x"), ("a.zip!/b.tar!/./etc/passwd", "/etc/passwd"),
    ("uac/[root]/var/log/syslog", "/var/log/syslog"), ("i-1/command/ps.txt", "i-1/command/ps.txt"), ("", ""),
    ("a.tar!/", "/"),
  ]) func aPathOnTheMachineIsToldFromOneInTheBundle(_ path: String, _ expected: String) {
    #expect(PathFacts.hostPath(path) == expected)
  }
}
