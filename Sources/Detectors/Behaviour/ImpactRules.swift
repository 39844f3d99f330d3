import Bytes
import Evidence

extension BehaviourRule {
  /// Data made unreadable, or all of it erased.
  static let impactRules: [BehaviourRule] = [
    BehaviourRule(
      "files-encrypted", "Files encrypted and removed", .medium, ["T1486"], leads: ["openssl enc", "gpg ", "gpg2 "]
    ) { it in
      let encrypts =
        it.commands.contains { command in
          // Also behind `find … -exec`.
          let words = command.words
          return words.indices.contains { words.name($0) == "openssl" && words[$0 + 1] == "enc" }
            && words.contains { $0 == "-in" } && words.contains { $0 == "-out" } && !words.contains { $0 == "-d" }
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
      "disk-erased", "First disk overwritten", .medium, ["T1561.001"],
      leads: ["of=/dev/", "/dev/sda", "/dev/vda", "/dev/xvda", "/dev/nvme0n1"]
    ) { it in
      // The one that the system runs from; others are wiped before they are thrown away.
      let disks = NameTable(["sda", "vda", "xvda", "nvme0n1", "mmcblk0", "hda"])
      return it.running(NameTable(["dd", "shred", "wipe"])).contains { words in
        let zeroes =
          !(words.name(words.startIndex) == "dd")
          || words.contains { $0 == "if=/dev/zero" || $0 == "if=/dev/urandom" || $0 == "if=/dev/random" }
        return zeroes
          && words.dropFirst().contains { word in
            let path = word.hasPrefix("of=") ? word.slice(3) : word
            return path.hasPrefix("/dev/") && disks.contains(path.slice(5))
          }
      }
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
