import Evidence
import Testing

@testable import Timeline

@Suite("Sockets and modules that memory shows and commands did not")
struct HiddenSocketCheckTests {
  private func rules(_ findings: [Finding]) -> [String] { findings.map { "\($0.rule) \($0.severity)" } }

  @Test("A listener of a process that ran all the time")
  func listener() throws {
    var machine = CheckSamples()
    machine.listener(4444, pid: 300, memory: true)
    let found = machine.found()
    #expect(rules(found) == ["contradiction.hidden-socket medium"])
    #expect(found.first?.number("local_port") == 4444)
    machine.listener(4444, pid: 300, memory: false, "lsof")
    #expect(rules(machine.found()) == ["contradiction.hidden-socket high"])
  }

  @Test("Of connections only the attack's count")
  func connections() {
    var machine = CheckSamples()
    machine.listener(50001, pid: 300, memory: true, state: "ESTABLISHED", remote: ("198.51.100.10", 443))
    machine.listener(50002, pid: 300, memory: true, state: "ESTABLISHED", remote: (CaseSamples.attacker, 4444))
    #expect(machine.found().isEmpty)
    machine.findings = [CaseSamples.payload(5)]
    #expect(rules(machine.found()) == ["contradiction.hidden-socket medium"])
    machine.listener(50002, pid: 300, memory: false, state: "ESTABLISHED", remote: (CaseSamples.attacker, 4444))
    #expect(machine.found().isEmpty)
  }

  @Test("Another namespace, a new process, and a list that was not asked for listeners")
  func nearMisses() {
    var machine = CheckSamples()
    machine.listener(4444, pid: 300, memory: true, namespace: 2)
    machine.memory(900, 1, "new", "new", start: 990)
    machine.listener(5555, pid: 900, memory: true)
    #expect(machine.found().isEmpty)
    machine = CheckSamples()
    machine.events.removeAll { $0.0 == "netstat" }
    machine.listener(50003, pid: 300, memory: false, state: "ESTABLISHED", remote: ("198.51.100.10", 443))
    machine.listener(4444, pid: 300, memory: true)
    #expect(machine.found().isEmpty)
  }

  @Test("A module that lsmod did not show, but not the collector's, nor one loaded later")
  func modules() {
    var machine = CheckSamples()
    machine.module("lime", memory: true)
    machine.module("nf_nat", memory: true)
    #expect(machine.found().isEmpty)
    machine.module("diamorphine", memory: true)
    #expect(rules(machine.found()) == ["contradiction.hidden-module medium"])
    machine.captured = 900
    #expect(machine.found().isEmpty)
  }

  @Test("A list that was cut proves nothing")
  func cutModules() {
    var machine = CheckSamples()
    for number in 0..<20 { machine.module("m\(number)", memory: true) }
    #expect(machine.found().isEmpty)
  }
}
