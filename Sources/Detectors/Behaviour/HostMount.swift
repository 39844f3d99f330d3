import Bytes

/// Tells whether a container is started with the host's whole file system in it, in the spellings of docker, podman, nerdctl
/// and ctr: `-v /:/host`, `--volume=/:/h`, `--mount type=bind,src=/,dst=/h`.
enum HostMount {
  private static let tools = NameTable(["docker", "podman", "ctr", "nerdctl"])

  /// Whether any of the tools is run.
  static func mayBe(_ it: BehaviourText) -> Bool { it.runs(tools) }

  /// Monitoring has it for reading only: that is none.
  static func isRoot(_ it: BehaviourText) -> Bool {
    it.tools.indices.contains { tools.contains(it.tools[$0]) && isRoot(it.wordsAcrossQuotes($0).words) }
  }

  private static func isRoot(_ words: [ByteView]) -> Bool {
    var before = words.first ?? ByteView("")
    for word in words.dropFirst() {
      defer { before = word }
      if before == "-v" || before == "--volume", isVolume(word) { return true }
      if before == "--mount", isMount(word) { return true }
      if word.hasPrefix("-v/"), isVolume(word.slice(2)) { return true }
      if word.hasPrefix("-v=/"), isVolume(word.slice(3)) { return true }
      if word.hasPrefix("--volume=/"), isVolume(word.slice(9)) { return true }
      if word.hasPrefix("--mount="), isMount(word.slice(8)) { return true }
    }
    return false
  }

  /// `/:/host`, `/:/host:rw`; not `/:/host:ro`.
  private static func isVolume(_ word: ByteView) -> Bool {
    guard word.hasPrefix("/:/") else { return false }
    let options = word.slice(3).cut(0x3A)?.after ?? ByteView("")
    return !options.split(0x2C, limit: 16).contains { $0 == "ro" }
  }

  private static func isMount(_ word: ByteView) -> Bool {
    let parts = word.split(0x2C, limit: 32)
    return parts.contains { $0 == "src=/" || $0 == "source=/" }
      && !parts.contains { part in
        part == "readonly" || part == "ro" || part.hasPrefix("readonly=t") || part.hasPrefix("ro=t")
          || part.hasPrefix("options=") && part.slice(8).split(0x3A, limit: 16).contains { $0 == "ro" }
      }
  }
}
