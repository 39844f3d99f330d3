import Bytes

/// What stands before a program and only says how it is started: `sudo -E -u root`, `timeout 5`, `nice -n 10`, `env X=1`.
enum CommandPrefix {
  private struct Starter {
    var name: StaticString
    /// Options whose value is a word of its own.
    var valued: [StaticString] = []
    /// Words that it takes before the program: the time of `timeout`.
    var arguments = 0
  }

  private static let starters = [
    Starter(
      name: "sudo",
      valued: [
        "-u", "-g", "-p", "-C", "-h", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--prompt", "--host",
        "--chdir",
      ]),
    Starter(name: "doas", valued: ["-u", "-C"]), Starter(name: "env", valued: ["-u", "-C", "--unset", "--chdir"]),
    Starter(name: "timeout", valued: ["-s", "-k", "--signal", "--kill-after"], arguments: 1),
    Starter(name: "nice", valued: ["-n", "--adjustment"]),
    Starter(name: "ionice", valued: ["-c", "-n", "--class", "--classdata"]),
    Starter(name: "stdbuf", valued: ["-i", "-o", "-e"]), Starter(name: "taskset", arguments: 1),
    Starter(name: "time", valued: ["-f", "-o"]), Starter(name: "exec", valued: ["-a"]), Starter(name: "nohup"),
    Starter(name: "setsid"), Starter(name: "command"), Starter(name: "unbuffer"), Starter(name: "busybox"),
  ]
  private static let names = NameTable(starters.map(\.name) + ["su"])

  /// The program and its arguments. Where nothing but such words stand there, the last of them is the program.
  static func drop(_ words: WordRun) -> WordRun {
    var rest = words
    var steps = 0
    while rest.count > 1, let first = rest.first, steps < 16 {
      steps += 1
      if names.containsName(of: first) {
        let name = ShellWords.baseName(first)
        guard let inner = name == "su" ? commandOfSu(rest) : program(of: rest, name) else { return rest }
        rest = inner
      } else if first.slice(0, 64).firstIndex(of: 0x3D) != nil {
        rest = rest.dropFirst()
      } else {
        return rest
      }
    }
    return rest
  }

  /// `su -c bash`, `su - www -c id`: what follows `-c`.
  private static func commandOfSu(_ words: WordRun) -> WordRun? {
    guard let flag = words.prefix(6).firstIndex(where: { $0 == "-c" || $0 == "--command" }), flag + 1 < words.endIndex
    else { return nil }
    return words[(flag + 1)...]
  }

  /// Nil where no program is started: `sudo -i`, `command -v curl`.
  private static func program(of words: WordRun, _ name: ByteView) -> WordRun? {
    guard let starter = starters.first(where: { name.equalsIgnoringCase($0.name) }) else { return nil }
    var rest = words.dropFirst()
    while let option = rest.first, option[0] == 0x2D, option.count > 1 {
      if name == "command", option == "-v" || option == "-V" { return nil }
      rest = rest.dropFirst()
      if option == "--" { break }
      if starter.valued.contains(where: { option == $0 }) { rest = rest.dropFirst() }
    }
    rest = rest.dropFirst(starter.arguments)
    return rest.isEmpty ? nil : rest
  }
}
