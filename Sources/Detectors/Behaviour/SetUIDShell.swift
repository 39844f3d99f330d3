import Bytes

/// Tells whether a command lets everyone who starts a shell be its owner: `chmod 4755 /bin/bash`, `chmod u+s /tmp/b`,
/// `install -m 4755 /bin/bash /tmp/b`.
enum SetUIDShell {
  private static let shells = NameTable(["bash", "sh", "dash", "zsh", "ksh", "rootbash", "find", "python3", "vim"])

  static func isMade(_ it: BehaviourText) -> Bool {
    it.running(NameTable(["chmod"])).contains { words in
      words.dropFirst().contains(where: givesRights)
        && words.contains { word in
          shells.contains(ShellWords.baseName(word))
            || BehaviourText.temporary.contains { word.hasPrefix(ByteView($0)) }
        }
    }
      || it.running(NameTable(["install"])).contains { words in
        // Packages are put together in scratch directories, so only a shell counts.
        installs(words) && words.dropFirst().contains { shells.contains(ShellWords.baseName($0)) }
      }
  }

  /// `-m 4755`, `-m4755`, `--mode=4755`
  private static func installs(_ words: WordRun) -> Bool {
    zip(words, words.dropFirst()).contains { flag, value in
      if flag == "-m" || flag == "--mode" { return givesRights(value) }
      if value.hasPrefix("--mode=") { return givesRights(value.slice(7)) }
      return value.hasPrefix("-m") && value.count > 2 && givesRights(value.slice(2))
    }
  }

  /// Whether a mode gives a file its owner's rights: `4755`, `04755`, `u+s`, `a+xs`, `u=rwxs,g=rx`.
  private static func givesRights(_ mode: ByteView) -> Bool {
    guard mode.count > 0, mode.count <= 64 else { return false }
    if mode.integer != nil {
      guard (4...6).contains(mode.count), mode.unsafeBytes.allSatisfy({ (0x30...0x37).contains($0) }) else {
        return false
      }
      return mode[mode.count - 4] & 4 != 0
    }
    return mode.split(0x2C, limit: 8).contains { clause in
      var place = 0
      var isOwner = false
      while isAny(clause[place], of: "ugoa") {
        isOwner = isOwner || clause[place] == 0x75 || clause[place] == 0x61
        place += 1
      }
      // Without whom it means everyone.
      isOwner = isOwner || place == 0
      guard isOwner, clause[place] == 0x2B || clause[place] == 0x3D else { return false }
      let rights = clause.slice(place + 1)
      return rights.firstIndex(of: 0x73) != nil && rights.unsafeBytes.allSatisfy { isAny($0, of: "rwxXst") }
    }
  }
}
