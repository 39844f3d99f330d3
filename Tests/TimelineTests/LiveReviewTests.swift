import Evidence
import Testing

@testable import Timeline

@Suite struct LiveReviewTests {
  private let one = Digest(of: Array("ps".utf8))
  private let other = Digest(of: Array("lsof".utf8))

  private func findings(_ events: [(type: String, attributes: [Attribute])]) -> [Finding] {
    var review = LiveReview()
    for (index, (type, attributes)) in events.enumerated() {
      let event = Event(time: nil, dataType: type, message: "", attributes: attributes, locator: .whole)
      review.take(event, artifact: index % 2 == 0 ? one : other)
    }
    return review.findings()
  }

  private func link(_ pid: Int64, _ target: String) -> (String, [Attribute]) {
    ("linux:capture:path", [Attribute("path", "/proc/\(pid)/exe"), Attribute("link_target", target)])
  }

  private func text(_ pid: Int64, _ name: String, fd: String = "txt") -> (String, [Attribute]) {
    ("linux:capture:open_file", [Attribute("pid", pid), Attribute("fd", fd), Attribute("name", name)])
  }

  @Test func programsWhoseFileIsGone() {
    let found = findings([
      link(470, "/var/tmp/.cache/kdev (deleted)"), text(470, "/var/tmp/.cache/kdev (deleted)"),
      link(471, "/memfd:x (deleted)"), link(472, "/usr/share/.x/m (deleted)"), link(473, "/srv/app/run (deleted)"),
    ])
    #expect(
      found.map { "\($0.rule) \($0.severity) \($0.entities[0].value)" } == [
        "process.deleted-executable high 470", "process.deleted-executable high 472",
        "process.deleted-executable low 473", "process.memfd-executable high 471",
      ])
    #expect(found[0].evidence.map(\.artifact).count == 2)
  }

  @Test func aProgramInMemoryThatManyProcessesRunIsOne() throws {
    let many = findings((0..<20).map { link(500 + $0, "/memfd:ksm (deleted)") } + [link(471, "/memfd:x (deleted)")])
    #expect(many.map(\.rule) == ["process.memfd-executable", "process.memfd-executable"])
    let ksm = try #require(many.first { $0.evidence.count == 20 || $0.entities.count == 20 })
    #expect(ksm.entities.map(\.value) == (500..<520).map(String.init))
    #expect(ksm.pid == 500 && ksm.message.contains("So do 19 more: 501, 502"))
  }

  /// An upgrade, container engines, editors that update themselves, files that are merely open.
  @Test func whatIsGoneEverywhere() {
    let found = findings([
      link(1, "/usr/lib/systemd/systemd (deleted)"), link(2, "/memfd:runc_cloned:/proc/self/exe (deleted)"),
      link(4, "/usr/bin/bash"), text(5, "/tmp/x (deleted)", fd: "3u"), text(6, "/tmp/x"),
      ("linux:capture:path", [Attribute("path", "/proc/7/cwd"), Attribute("link_target", "/tmp/x (deleted)")]),
    ])
    #expect(found.isEmpty)
    #expect(findings([link(3, "/home/ops/.vscode-server/node (deleted)")]).map(\.severity) == [.low])
  }

  private func process(_ line: String, _ more: Attribute...) -> (String, [Attribute]) {
    ("linux:capture:process", [Attribute("pid", Int64(470)), Attribute("command_line", line)] + more)
  }

  @Test func namesOfKernelThreads() {
    for attributes in [
      Attribute("user", "tomcat"), Attribute("uid", Int64(998)), Attribute("ppid", Int64(351)),
    ] {
      #expect(findings([process("[kworker/u4:2]", attributes)]).map(\.rule) == ["process.masquerade"], "\(attributes)")
    }
    #expect(findings([process("[kworker/0:1] -o pool", Attribute("user", "root"))]).map(\.severity) == [.high])
    let bothHidden = process("[kworker/0:1]", Attribute("user", "app"), Attribute("executable", "/dev/shm/k (deleted)"))
    #expect(findings([bothHidden]).map(\.rule) == ["process.deleted-executable", "process.masquerade"])
    // Of two captures the one that says more.
    let both = findings([
      process("[kworker/u4:2]", Attribute("user", "tomcat")),
      process("[kworker/u4:2]", Attribute("user", "tomcat"), Attribute("ppid", Int64(351))),
    ])
    #expect(both.count == 1 && both.first?.evidence.count == 2)
    #expect(both.first?.message.hasSuffix("is tomcat's, is a child of process 351.") ?? false)
  }

  /// Memory of its own makes it none only in a listing that shows none of the others'.
  @Test func aThreadWithMemoryIsTheException() {
    let plain = process("[ksoftirqd/0]", Attribute("virtual_kib", Int64(0)))
    let odd = process("[kworker/u4:2]", Attribute("virtual_kib", Int64(99940)))
    #expect(findings([plain, plain, plain, plain, odd]).map(\.rule) == ["process.masquerade"])
    #expect(findings([odd, odd, odd]).isEmpty)
    let child = process("[kworker/u4:2]", Attribute("virtual_kib", Int64(99940)), Attribute("ppid", Int64(2)))
    #expect(findings([plain, plain, plain, plain, child]).isEmpty)
  }

  @Test func threadsOfTheKernel() {
    #expect(
      findings([
        process(
          "[kworker/u4:2]", Attribute("user", "root"), Attribute("ppid", Int64(2)), Attribute("virtual_kib", Int64(0))),
        process("[kblockd/0]", Attribute("user", "root"), Attribute("ppid", Int64(11))),
        process("[kthreadd]", Attribute("uid", Int64(0)), Attribute("ppid", Int64(0))),
        process("[celeryd: worker]", Attribute("user", "app")), process("[sh] <defunct>", Attribute("user", "app")),
        process("[kworker/0:1] <defunct>", Attribute("user", "app")), process("kworker/0:1", Attribute("user", "app")),
        process("[", Attribute("user", "app")), process("[]", Attribute("user", "app")),
      ]).isEmpty)
  }

  @Test func kernelSettingsMountsAndModules() {
    func setting(_ value: String) -> (String, [Attribute]) {
      ("linux:capture:kernel_setting", [Attribute("name", "kernel.core_pattern"), Attribute("value", value)])
    }
    func mount(_ place: String) -> (String, [Attribute]) {
      ("linux:mount", [Attribute("device", "tmpfs"), Attribute("mount_point", place)])
    }
    func module(_ name: String) -> (String, [Attribute]) { ("linux:module", [Attribute("module", name)]) }
    #expect(
      findings([setting("|/tmp/.x %p"), mount("/proc/470"), module("diamorphine")]).map { "\($0.rule) \($0.severity)" }
        == ["persistence.core-pattern high", "persistence.rootkit-module high", "process.covered-by-mount high"])
    #expect(
      findings([
        setting("|/usr/share/apport/apport -p%p"), setting("core"), setting("|/lib/systemd/systemd-coredump"),
        mount("/proc"), mount("/proc/sys/fs/binfmt_misc"), mount("/proc/kcore"), mount("/proc/-1"), module("veth"),
      ]).isEmpty)
  }

  @Test func librariesAndCapabilities() {
    func environment(_ variable: String) -> (String, [Attribute]) {
      let variables = Attribute("environment", .texts(["PATH=/bin", variable]))
      return ("linux:capture:environment", [Attribute("pid", Int64(465)), variables])
    }
    func file(_ path: String, _ capabilities: String) -> (String, [Attribute]) {
      ("linux:capture:path", [Attribute("path", path), Attribute("capabilities", capabilities)])
    }
    #expect(
      findings([
        environment("LD_PRELOAD=/usr/lib/libx.so:/dev/shm/x.so"), file("/usr/bin/python3.11", "cap_setuid=ep"),
        file("/tmp/x", "=ep"),
      ]).map { "\($0.rule) \($0.severity)" } == [
        "file.capability high", "file.capability medium", "process.preload medium",
      ])
    #expect(
      findings([
        environment("LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"), environment("LD_PRELOAD="),
        file("/usr/bin/ping", "cap_net_raw=ep"), file("/usr/bin/node", "cap_net_bind_service=ep"),
        file("/usr/bin/newuidmap", "cap_setuid=ep"),
      ]).isEmpty)
  }

  @Test func whatAScannerSays() {
    func said(_ check: String, _ verdict: String) -> (String, [Attribute]) {
      let words = [Attribute("check", check), Attribute("verdict", verdict), Attribute("text", "INFECTED")]
      return ("linux:capture:rootkit_check", words)
    }
    #expect(findings([said("ls", "infected"), said("bindshell", "suspect")]).map(\.severity) == [.low, .medium])
  }
}
