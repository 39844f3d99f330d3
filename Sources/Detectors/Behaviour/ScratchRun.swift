import Bytes
import Evidence

/// Tells whether a command runs what lies in a directory that everyone may write to.
enum ScratchRun {
  static func severity(_ it: BehaviourText) -> Severity? {
    let names = it.commands(naming: BehaviourText.temporary)
    let runs = zip(it.commands, names).contains { command, isNaming in
      guard isNaming, let first = CommandPrefix.drop(command.words).first else { return false }
      return command.before != 0x22 && command.before != 0x27 && it.isTemporary(first) && !first.hasSuffix("/")
    }
    if runs { return .low }
    if runsWithin(it) { return it.hasAny(["./."]) ? .medium : .low }
    return erasesScript(it) ? .low : nil
  }

  /// `cd /dev/shm; ./.a`: hidden, or where nobody builds software.
  private static func runsWithin(_ it: BehaviourText) -> Bool {
    guard
      let start = it.programs.indices.first(where: { index in
        it.tools[index] == "cd" && it.programs[index].count == 2
          && it.programs[index].contains { word in
            BehaviourText.temporary.contains { folder in
              let folder = ByteView(folder)
              return word.hasPrefix(folder) || word.count == folder.count - 1 && folder.hasPrefix(word)
            }
          }
      })
    else { return false }
    let isShared = it.programs[start].contains { $0.hasPrefix("/dev/shm") }
    for index in it.programs.indices where index > start {
      if it.tools[index] == "cd" { return false }
      guard let program = it.programs[index].first, program.hasPrefix("./") else { continue }
      if isShared || program[2] == 0x2E && program[3] != 0x2F && program[3] != 0x2E { return true }
    }
    return false
  }

  /// `perl /var/tmp/x.pl; rm -rf /var/tmp/x.pl`: run once and not to be found. Installers do so under `/tmp`.
  private static func erasesScript(_ it: BehaviourText) -> Bool {
    guard it.hasAny(["/var/tmp/", "/dev/shm/"]) else { return false }
    for index in it.marks(BehaviourText.interpreters).places.prefix(16) {
      guard let script = it.programs[index].dropFirst().first(where: { $0[0] != 0x2D }), it.isTemporary(script),
        !script.hasPrefix("/tmp/")
      else { continue }
      let isErased = it.programs.indices.contains { later in
        later > index && it.tools[later] == "rm" && it.programs[later].contains { $0 == script }
      }
      if isErased { return true }
    }
    return false
  }
}
