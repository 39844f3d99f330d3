import Bytes
import Evidence

extension BehaviourRule {
  /// What botnets try at every shell that they get, whatever it turns out to be.
  static let botRules: [BehaviourRule] = [
    BehaviourRule(
      "botnet-probe", "Botnet's probe for a real shell", .high, ["T1059.004", "T1110"],
      leads: ["busybox ", "while read i; do echo $i; done <", "dd bs=52 count=1 if="]
    ) { it in
      // Without busybox they copy the head of a program, whose header says for which machine to fetch.
      if it.hasAny(["done < /bin/", "done </bin/", "done < .s", "dd bs=52 count=1 if=/bin/", "dd bs=52 count=1 if=.s"])
      {
        return true
      }
      // A program that there is not: what comes back says whether anyone answers. Its own are all in small letters.
      return it.commands.contains { command in
        command.words.count >= 2 && ShellWords.baseName(command.word(0)) == "busybox" && isBotName(command.word(1))
      }
    },
    BehaviourRule(
      "bot-reconnaissance", "Look around that bots take", .low, ["T1082", "T1057"],
      leads: [
        "'[Mm]iner'", "\"[Mm]iner\"", "/dev/ttyGSM", "/var/spool/sms", "$4,$5,$6,$7,$8,$9;}", "/ip cloud print",
        "uname -s -v -n -r", "cat /proc/cpuinfo | grep name |", "\\x6F\\x6B", "\\x6f\\x6b",
      ]
    ) { it in
      // Spelled as no one types it, and the same on every machine.
      if it.hasAny(["/ip cloud print", "uname -s -v -n -r", "cat /proc/cpuinfo | grep name |"]) { return true }
      // `echo -e "\x6F\x6B"`, which says `ok` where there is a shell.
      if it.hasAny(["\\x6F\\x6B\"", "\\x6f\\x6b\"", "\\x6F\\x6B'", "\\x6f\\x6b'"]) {
        return it.commands.first.map { $0.word(0) == "echo" } ?? false
      }
      return it.hasAny(["[Mm]iner"]) && it.runs(NameTable(["ps", "grep"]))
        || it.has("/dev/ttyGSM") && it.has("/var/spool/sms")
        || it.has("/proc/cpuinfo") && it.has("{print $4,$5,$6,$7,$8,$9;}")
    },
    BehaviourRule(
      "router-scheduler", "Router made to fetch and run scripts", .medium, ["T1053", "T1105"],
      leads: ["/system scheduler add", "/system script add"]
    ) { it in it.has("/tool fetch") && it.hasAny(["http://", "https://", "ftp://"]) },
    BehaviourRule(
      "password-piped", "Password changed by a pipe", .low, ["T1098"], leads: ["| passwd", "|passwd", "hive-passwd "]
    ) { it -> Severity? in
      // What a mining rig's owner types at its console, and bots everywhere.
      if it.runs(NameTable(["hive-passwd"])), it.commands.count > 1 { return .low }
      for index in it.marks(NameTable(["passwd"])).places.prefix(16) where it.commands[index].before == 0x7C {
        // Administrators have `--stdin`, `chpasswd`, or name whose it is.
        guard it.programs[index].count == 1 else { continue }
        let next = index + 1
        return next < it.tools.count && it.commands[index].end == 0x7C && ShellWords.isShell(it.tools[next])
          ? .medium : .low
      }
      return nil
    },
  ]

  private static func isBotName(_ word: ByteView) -> Bool {
    (4...12).contains(word.count) && (0..<word.count).allSatisfy { word[$0] >= 0x41 && word[$0] <= 0x5A }
  }
}
