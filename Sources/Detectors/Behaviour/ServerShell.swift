import Bytes

/// Tells a shell that a server uses as a tool (`sh -c /usr/sbin/sendmail -t`) from one that somebody works in.
///
/// Servers start programs by way of a shell every day. What they do not do is ask who they are, fetch things, hand the shell
/// its commands from elsewhere, or start it bare.
enum ServerShell {
  /// Programs that an intruder tries first and a server's own work has no use for.
  private static let hands = NameTable([
    "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "tftp", "ssh", "scp", "bash", "sh", "zsh", "dash",
    "python", "python2", "python3", "perl", "ruby", "base64", "xxd", "openssl", "id", "whoami", "uname",
    "ifconfig", "ip", "netstat", "ss", "ps", "w", "who", "last", "env", "printenv", "pwd", "ls", "cat", "find", "echo",
    "cd", "crontab", "chmod", "chown", "sudo", "su", "useradd", "nohup", "setsid", "kill", "pkill", "mkfifo", "exec",
    "eval", "aws", "kubectl", "docker",
  ])
  /// Build servers and package managers run whatever they are told, by shell.
  private static let builders: [StaticString] = [
    "jenkins", "org.gradle", "plexus-classworlds", "remoting.jar", "agent.jar", "teamcity", "bamboo", "npm", "yarn",
    "pnpm", "npx", "pm2", "RunnerService", "Runner.Worker", "Runner.Listener", "gitlab-runner", "buildkite", "rundeck",
    "airflow",
    "org.apache.nifi", "sbt-launch", "claude-code",
  ]
  /// Editors whose terminals are shells that people work in.
  private static let terminals: [StaticString] = [
    "ptyHost", ".vscode-server", "code-server", ".cursor-server", "com.intellij", "com.jetbrains",
  ]
  /// Processes of PostgreSQL's own that run `archive_command` and `restore_command`; what a client has it run descends from
  /// the process that answers him.
  private static let keepers = ["postgres: archiver", "postgres: startup"]

  /// - Parameters:
  ///   - line: the shell's command line.
  ///   - server: that of the server it descends from.
  static func isOrdinary(_ line: String, of server: String) -> Bool {
    line.withView { line in
      let isBuilder = server.withView { server in builders.contains { server.contains($0) } }
      let words = line.words(limit: 64)
      guard let first = words.first, ShellWords.isShell(first), words.count >= 2 else { return false }
      if TextDetectors.scan(line, .command).contains(where: { $0.severity >= .medium || $0.kind != .behaviour }) {
        return false
      }
      if server.withView({ server in terminals.contains { server.contains($0) } }) { return true }
      if keepers.contains(where: { server.hasPrefix($0) }) { return true }
      var rest = words.dropFirst()
      var isCommand = false
      while let flag = rest.first, flag[0] == 0x2D {
        if flag == "--noprofile" || flag == "--norc" || flag == "--posix" {
          rest.removeFirst()
          continue
        }
        if flag == "-o" {
          rest.removeFirst(min(2, rest.count))
          continue
        }
        // A shell that talks to somebody, or reads its commands from its input.
        guard flag[1] != 0x2D, flag.firstIndex(of: 0x69) == nil, !(flag == "-s") else { return false }
        if flag.firstIndex(of: 0x63) != nil { isCommand = true }
        rest.removeFirst()
      }
      guard let program = rest.first else { return false }
      if isBuilder { return true }
      if BehaviourText.temporary.contains(where: { program.hasPrefix(ByteView($0)) }) { return false }
      // A script has a place of its own; of a command every program is looked at.
      guard isCommand else { return program[0] == 0x2F || program[0] == 0x2E }
      func isHand(_ program: ByteView?) -> Bool { program.map { hands.contains(ShellWords.baseName($0)) } ?? false }
      return withExtendedLifetime(BehaviourText(line)) { whole in
        // An application looks whether a worker of its own is there.
        let seeks = program == "ps" && whole.tools.count == 2 && whole.tools[1] == "grep"
        return (seeks || !isHand(program)) && !whole.programs.dropFirst().contains { isHand($0.first) }
      }
    }
  }
}
