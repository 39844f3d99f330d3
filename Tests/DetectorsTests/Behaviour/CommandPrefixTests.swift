import Bytes
import Testing

@testable import Detectors

@Suite struct CommandPrefixTests {
  @Test(
    arguments: [
      ("sudo -E -u root bash -s", "bash -s"), ("/usr/bin/sudo -- id", "id"), ("sudo nice -10 id", "id"),
      ("env -u A X=1 nohup setsid -f bash", "bash"), ("timeout -k 5 10 sh", "sh"),
      ("timeout --signal=9 10 sh", "sh"), ("nice -n 10 tar c /srv", "tar c /srv"), ("su - www -c id", "id"),
      ("LANG=C sort", "sort"), ("ls -l", "ls -l"),
      // Nothing is started.
      ("sudo -i", "sudo -i"), ("sudo", "sudo"), ("env", "env"), ("command -v curl", "command -v curl"),
      ("su - www", "su - www"), ("timeout 5", "timeout 5"), ("nice -n", "nice -n"), ("", ""),
    ])
  func theProgramIsWhatIsStarted(line: String, program: String) {
    let rest = line.withView { view in withExtendedLifetime(ShellLine(view)) { dropped($0).map(\.string) } }
    #expect(rest.joined(separator: " ") == program)
  }

  @Test func manyOfThemEnd() {
    let line = Array(repeating: "sudo", count: 5000).joined(separator: " ")
    #expect(line.withView { view in withExtendedLifetime(ShellLine(view)) { dropped($0).count } } > 0)
  }

  private func dropped(_ line: ShellLine) -> WordRun {
    CommandPrefix.drop(line.commands.first?.words ?? WordRun(base: nil, count: 0))
  }
}
