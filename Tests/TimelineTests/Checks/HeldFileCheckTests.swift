import Evidence
import Testing

@testable import Timeline

@Suite("Files that the attack holds open")
struct HeldFileCheckTests {
  private func machine(_ held: [(Int64, String, String)], isAttacked: Bool = true) -> [Finding] {
    var machine = CheckSamples()
    machine.memory(465, 351, "bash", "bash -i", start: 950)
    machine.memory(492, 465, ".x", "/bin/bash /tmp/.x", start: 960)
    for (pid, program, path) in held { machine.holds(pid, program, path) }
    if isAttacked { machine.findings = [CaseSamples.shell(950)] }
    return machine.found()
  }

  @Test("By a process that descends from the intruder's shell")
  func attack() throws {
    let found = machine([(492, ".x", "/tmp/.X11-lock"), (492, ".x", "/var/tmp/out (deleted)")])
    #expect(found.map(\.severity) == [.medium, .medium])
    let first = try #require(found.first)
    #expect(first.entities == [Entity(.file, "/tmp/.X11-lock"), Entity(.process, "492")])
    #expect(first.evidence.first?.locator.text == "pid=492;fd=9;view=lsof")
    #expect(found.last?.text("path") == "/var/tmp/out")
  }

  @Test("Without an attack a hidden name is worth a low word, any other none")
  func quiet() {
    let found = machine([(492, ".x", "/tmp/.X11-lock"), (492, ".x", "/tmp/out.log")], isAttacked: false)
    #expect(found.map { "\($0.rule) \($0.severity)" } == ["held-hidden-file low"])
  }

  @Test("What is there on every machine")
  func nearMisses() {
    let usual =
      [
        (300, "Xorg", "/tmp/.X0-lock"), (300, "Xwayland", "/tmp/.X11-unix/X0"),
        (351, "java", "/tmp/hsperfdata_tomcat/351"),
        (200, "httpd", "/tmp/systemd-private-1f-httpd.service-x/tmp/.cache"),
        (351, "postgres", "/dev/shm/PostgreSQL.12"),
        (351, "java", "/opt/app/.lock"), (351, "java", "/tmp/app.log"),
      ] as [(Int64, String, String)]
    #expect(machine(usual).isEmpty)
  }

  @Test("A display's lock in the hands of another program is no display's lock")
  func disguise() {
    #expect(machine([(492, ".x", "/tmp/.X0-lock"), (492, ".x", "/tmp/.X11-unix/x")]).count == 2)
  }

  @Test("A process that is its own parent ends the search")
  func cycles() {
    var machine = CheckSamples()
    machine.memory(465, 466, "bash", "bash -i", start: 950)
    machine.memory(466, 465, "bash", "bash", start: 950)
    machine.holds(466, "bash", "/tmp/loot")
    machine.findings = [CaseSamples.shell(950)]
    #expect(machine.found().map(\.rule) == ["incident.held-file"])
  }
}
