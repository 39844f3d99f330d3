import Bytes
import Evidence

extension BehaviourRule {
  /// Data made unreadable, or all of it erased.
  static let impactRules: [BehaviourRule] = [
    BehaviourRule(
      "files-encrypted", "Files encrypted and removed", .medium, ["T1486"], leads: ["openssl enc", "gpg ", "gpg2 "]
    ) { it in
      let encrypts =
        it.running(NameTable(["openssl"])).contains { words in
          words.contains { $0 == "enc" } && words.contains { $0 == "-in" } && words.contains { $0 == "-out" }
            && !words.contains { $0 == "-d" }
        }
        || it.commands.contains { command in
          command.words.contains { $0 == "gpg" || $0 == "gpg2" }
            && command.words.contains { $0 == "-c" || $0 == "--symmetric" }
            && command.words.contains { $0 == "--passphrase" }
        }
      guard encrypts else { return false }
      if it.runs(NameTable(["find"])), it.has("-exec ") { return true }
      return it.hasAny(["for ", "while "]) && it.runs(NameTable(["rm", "shred", "unlink"]))
    },
    BehaviourRule(
      "everything-erased", "Whole file system erased", .high, ["T1485"], leads: ["--no-preserve-root"]
    ) { it in
      it.running(NameTable(["rm"])).contains { words in
        words.contains { $0 == "--no-preserve-root" } && words.contains { $0 == "/" || $0 == "/*" }
      }
    },
  ]
}
