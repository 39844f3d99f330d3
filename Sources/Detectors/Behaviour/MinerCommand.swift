import Bytes
import Evidence

/// Tells a command that names a miner without mining: asking it for its version, or fetching it.
enum MinerCommand {
  private static let miners = NameTable([
    "xmrig", "minerd", "ethminer", "t-rex", "cpuminer", "xmr-stak", "nbminer", "lolMiner", "nanominer", "xmrig-notls",
  ])
  private static let questions = NameTable([
    "--version", "-V", "--help", "-h", "--list-devices", "--list-coins", "--print-platforms",
  ])
  /// What brings software in and unpacks it, and runs none of it.
  private static let carriers = NameTable([
    "wget", "curl", "git", "tar", "unzip", "cd", "mkdir", "ls", "docker", "podman", "sha256sum", "mv",
  ])
  /// Where it works for somebody.
  private static let work: [StaticString] = [
    "stratum", "--donate-level", "c3pool", "nanopool", "minexmr", "supportxmr", "kdevtmpfsi", "kinsing", "--url",
    "-o pool",
  ]

  /// nil for whatever may mine.
  static func severity(_ it: BehaviourText) -> Severity? {
    guard !it.programs.isEmpty, !it.hasAny(work) else { return nil }
    let runs = it.marks(miners).places
    if runs.isEmpty {
      let isCarried = it.tools.indices.allSatisfy { index in
        guard carriers.contains(it.tools[index]) else { return false }
        // A container is fetched by `pull`; `run` starts it.
        let isContainer = it.tools[index] == "docker" || it.tools[index] == "podman"
        return !isContainer || it.programs[index].dropFirst().first.map { $0 == "pull" } ?? false
      }
      return isCarried ? .medium : nil
    }
    // What is beside the question may be anything but a pipe's end.
    guard it.programs.count <= 2, runs.first == 0, it.programs.count == 1 || it.commands[1].before == 0x7C else {
      return nil
    }
    let words = it.programs[0].dropFirst()
    return !words.isEmpty && words.allSatisfy { questions.contains($0) } && !it.runs(BehaviourText.interpreters)
      ? .low : nil
  }
}
