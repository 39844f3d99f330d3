import Evidence
import Testing

@testable import Timeline

@Suite("Processes that memory shows and ps did not")
struct HiddenProcessCheckTests {
  private func rules(_ findings: [Finding]) -> [String] { findings.map { "\($0.rule) \($0.severity)" } }

  @Test("Two views of the same machine contradict each other in nothing")
  func agreement() { #expect(CheckSamples().found().isEmpty) }

  @Test("Alive before the listing and in the image that came later: certain")
  func certain() throws {
    var machine = CheckSamples()
    machine.captured = 900
    machine.memory(666, 1, "rootkitd", "/usr/sbin/rootkitd", start: 100)
    let found = machine.found()
    #expect(rules(found) == ["contradiction.hidden-process high"])
    let one = try #require(found.first)
    #expect(one.entities == [Entity(.process, "666")] && one.firstSeen == CaseSamples.time(100))
    #expect(Set(one.evidence.map(\.artifact)) == [CaseSamples.artifact("memory"), CaseSamples.artifact("ps")])
  }

  @Test("The image came first: what had run for long is worth a look, and certain where another command names it")
  func before() {
    var machine = CheckSamples()
    machine.memory(666, 1, "rootkitd", "/usr/sbin/rootkitd", start: 100)
    #expect(rules(machine.found()) == ["contradiction.hidden-process medium"])
    machine.listener(9999, pid: 666, memory: false, "lsof")
    machine.events[machine.events.count - 1].1.attributes.removeAll { $0.name == "program" }
    machine.events[machine.events.count - 1].1.attributes.append(Attribute("program", "rootkitd"))
    #expect(rules(machine.found()).contains("contradiction.hidden-process high"))
  }

  @Test("A second listing that shows it is a witness")
  func twoListings() {
    var machine = CheckSamples()
    machine.memory(666, 1, "rootkitd", "/usr/sbin/rootkitd", start: 100)
    machine.ps(666, 1, "rootkitd", "/usr/sbin/rootkitd", start: 100, "ps2")
    #expect(rules(machine.found()) == ["contradiction.hidden-process high"])
  }

  @Test("Young, ended, the kernel's or the collector's own: nothing is hidden")
  func nearMisses() {
    var machine = CheckSamples()
    machine.memory(700, 1, "sleep", "sleep 60", start: 980)
    machine.memory(701, 1, "late", "late", start: 1020)
    machine.memory(702, 2, "kworker/0:1", "[kworker/0:1]", start: 20)
    machine.memory(703, 1, "sh", "sh -c /var/lib/amazon/ssm/x/awsrunShellScript/_script.sh", start: 100)
    machine.memory(704, 703, "cat", "cat /proc/net/tcp", start: 100)
    machine.memory(705, 1, "starter", "starter", start: 100)
    machine.memory(706, 705, "insmod", "insmod lime.ko path=tcp:4444", start: 900)
    machine.memory(707, 1, "dead", "dead", start: 100)
    machine.events[machine.events.count - 1].1.attributes.append(Attribute("state", "zombie"))
    #expect(machine.found().isEmpty)
    // A long way to the listing: an ordinary end is likely.
    machine = CheckSamples()
    machine.memory(666, 1, "batch", "batch", start: 400)
    machine.captured = 1400
    #expect(machine.found().isEmpty)
  }

  @Test("A listing that is cut, of one user, or damaged proves no absence")
  func incompleteListings() {
    var machine = CheckSamples()
    machine.captured = 900
    machine.memory(666, 1, "rootkitd", "/usr/sbin/rootkitd", start: 100)
    #expect(machine.found(listsItself: false).isEmpty)
    var damaged = machine
    damaged.damaged = [CaseSamples.artifact("ps")]
    #expect(damaged.found().isEmpty)
    var one = machine
    one.events.removeAll { $0.0 == "ps" && $0.1.integer("pid") == 1 }
    #expect(one.found().isEmpty)
  }

  @Test("Another machine, or another boot, is not compared")
  func otherMachine() {
    var machine = CheckSamples()
    machine.events.removeAll { $0.0 == "memory" && $0.1.dataType == "linux:memory:process" }
    for (pid, name) in [(1, "systemd"), (90, "nginx"), (91, "postgres"), (92, "redis"), (666, "x")] as [(Int64, String)]
    {
      machine.memory(pid, 0, name, name, start: 10)
    }
    machine.captured = 900
    #expect(machine.found().isEmpty)
  }

  @Test("Listed as old and in no view of memory: told, but as low as what it may mean")
  func unknown() {
    var machine = CheckSamples()
    machine.ps(800, 1, "ghost", "/usr/sbin/ghost", start: 100)
    machine.ps(801, 2, "kworker/1:1", "[kworker/1:1]", start: 100)
    machine.ps(802, 1, "new", "new", start: 1030)
    #expect(rules(machine.found()) == ["contradiction.unknown-process low"])
    machine.damaged = [CaseSamples.artifact("memory")]
    #expect(machine.found().isEmpty)
  }
}
