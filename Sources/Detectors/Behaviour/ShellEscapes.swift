import Bytes
import Evidence

/// Programs that sudo, pkexec or a set-uid bit lends, and the ways by which they hand over a shell that is root's.
///
/// Certain where the shell stands bare at the end of a program that has no use for one, or where code given on the command
/// line starts one; a shell that is told what to run (`sh -c '…'`, a script) is a script's everyday way and none.
enum ShellEscapes {
  /// Programs that run the program which is named behind them.
  private static let runners = NameTable([
    "env", "strace", "ltrace", "nice", "ionice", "timeout", "taskset", "stdbuf", "setarch", "flock", "xargs", "watch",
    "time",
    "start-stop-daemon", "busybox", "find", "run-parts", "setlock", "softlimit", "chrt", "cpulimit", "logsave",
    "rlwrap",
    "unbuffer", "script", "expect", "tmux", "unshare", "nsenter", "pexec", "multitime", "perf", "valgrind", "gdb",
    "setsid",
    "nohup", "gimp", "torify", "unsquashfs", "dmsetup", "ip", "cpan", "wish", "hping3", "aoss", "distcc", "capsh",
  ])
  /// Programs that run what code, an editor's command or an option tells them.
  private static let speakers = NameTable([
    "vim", "vi", "view", "rvim", "rview", "vimdiff", "nvim", "nano", "pico", "ed", "emacs", "awk", "gawk", "mawk",
    "nawk", "python",
    "python2", "python3", "perl", "ruby", "irb", "php", "lua", "node", "nodejs", "tclsh", "jrunscript", "jjs", "groovy",
    "tar", "zip",
    "less", "more", "most", "man", "git", "ftp", "sftp", "gdb", "nmap", "mysql", "psql", "sqlite3", "sed", "rsync",
    "ssh", "scp",
    "socat", "make", "gcc", "expect", "apt", "apt-get", "dpkg", "yum", "dnf", "systemctl", "journalctl", "crontab",
    "tcpdump",
    "openvpn", "gem", "bundle", "rake", "pip", "pip3", "npm", "composer", "easy_install", "puppet", "ansible-playbook",
    "docker",
    "wget", "service", "screen", "bpftrace", "pry", "byebug", "knife", "slsh", "octave", "gnuplot", "elvish", "dialog",
    "cowsay", "tee",
    "man", "hping3", "cpan", "mail", "mutt", "ncftp", "lftp", "telnet", "snap", "xargs",
  ])

  private static let leaders = NameTable(["sudo", "doas", "pkexec"])

  /// A shell started by code, an editor or an option.
  private static let startWords: [StaticString] = [
    "system(\"/bin/sh", "system(\"/bin/bash", "system('/bin/sh", "system('/bin/bash", "system(\"sh\"",
    "system(\"bash\"",
    "system('sh'", "system('bash'", "system(\\\"/bin/sh", "system(\\\"/bin/bash", "exec \"/bin/sh", "exec \"/bin/bash",
    "exec '/bin/sh", "exec '/bin/bash", "exec \"sh\"", "exec \"bash\"", "exec(\"/bin/sh", "exec(\"/bin/bash",
    "exec('/bin/sh",
    "exec('/bin/bash", "execl(\"/bin/sh", "execl(\"/bin/bash", "execl('/bin/sh", "execl('/bin/bash",
    "execute(\"/bin/sh",
    "execute(\"/bin/bash", "execute('/bin/sh", "execute('/bin/bash", "execute(\"sh", "spawn(\"/bin/sh",
    "spawn(\"/bin/bash",
    "spawn('/bin/sh", "spawn('/bin/bash", "spawn(\"sh", "spawn(\"bash", "spawn('sh", "spawn('bash", "spawn /bin/sh",
    "spawn /bin/bash", "spawn sh", "spawn bash", "execvp(\"/bin/sh", "execve(\"/bin/sh", "call(\"/bin/sh",
    "call('/bin/sh",
    ":!/bin/sh", ":!/bin/bash", ":!sh", ":!bash", ":shell", "!/bin/sh", "!/bin/bash", "!sh", "!bash", "\\! /bin/sh",
    "\\! /bin/bash", "\\! sh", "\\! bash", ".shell /bin/sh", ".shell /bin/bash", ".shell sh", ".shell bash", "exec sh",
    "exec /bin/sh", "exec /bin/bash", "exec=/bin/sh", "exec=/bin/bash", "exec=sh", "exec=bash", "exec:/bin/sh",
    "exec:/bin/bash",
    "exec:sh", "exec:bash", "0<&2 1>&2", "0<&1", "sh 1>&0", "-TT 'sh", "-TT \"sh", "-TT sh", "-TT '/bin/",
    "-wrapper /bin/sh",
    "-wrapper sh", "-wrapper bash", "Pre-Invoke::=/bin/", "Pre-Invoke::='/bin/", "Pre-Invoke::=sh", "Pre-Invoke::=bash",
    "Pre-Invoke {\"/bin/", "Pre-Invoke {\\\"/bin/", "ExecStart=/bin/sh -i", "ExecStart=/bin/bash -i", "{exec '/bin/",
    "{exec \"/bin/",
    "shell_exec(\"/bin/sh", "passthru(\"/bin/sh", "--interactive", "pcntl_exec(\"/bin/",
  ]
  private static let starts = LiteralSet(exact: startWords)

  private static func startsShell(_ text: ByteView) -> Bool {
    var found = false
    starts.forEachMatch(in: text) { place, literal in
      // `exec show` is none.
      let end = place + startWords[literal].utf8CodeUnitCount
      found = !(text[end - 1] == 0x68 && isWordByte(text[end]))
      return found ? nil : place + 1
    }
    return found
  }

  static func judge(_ it: BehaviourText) -> Severity? {
    var worst: Severity?
    var left = maximumCommands
    let leaders = leaders
    for command in it.commands where leaders.contains(command.words.name(0)) {
      left -= 1
      if left < 0 { break }
      guard let one = judge(it, command) else { continue }
      worst = max(worst ?? one, one)
    }
    return worst
  }

  /// Of one text: what is looked at behind each is longer than the command.
  private static let maximumCommands = 64

  private static func judge(_ it: BehaviourText, _ command: SimpleCommand) -> Severity? {
    // `sudo -u#-1 sh`: CVE-2019-14287.
    if command.words.contains(where: { $0 == "-u#-1" || $0 == "-u#4294967295" || $0 == "#-1" || $0 == "#4294967295" })
      || command.end == 0x27 && it.text.slice(command.range.upperBound).hasPrefix("'#-1'")
    {
      return .high
    }
    guard let place = program(command.words) else {
      // `sudo PAGER='sh -c "exec sh 0<&1"' git -p help`
      guard command.end == 0x27 || command.end == 0x22, command.words.last?.hasSuffix("=") == true else { return nil }
      let said = it.text.slice(command.range.upperBound, command.range.upperBound + 200)
      return startsShell(said) && said.contains("<&") ? .medium : nil
    }
    let rest = command.words[place...]
    let name = ShellWords.baseName(rest[place])
    if ShellWords.baseName(command.words[0]) == "pkexec", ShellWords.isShellReadingInput(rest) { return .medium }
    if runners.contains(name), handsOver(rest) { return .medium }
    guard speakers.contains(name) else { return nil }
    // What stands in quotes belongs to it, up to the end of the line.
    let start = command.range.lowerBound
    var end = start
    while end < it.text.count, end - start < 600 { end += 1 }
    var said = it.text.slice(start, end)
    // Without an editor's or a pager's shell on a line of its own, the next line is another command.
    if let line = said.firstIndex(of: 0x0A), !said.slice(line + 1, line + 8).contains("!") {
      said = said.slice(0, line)
    }
    if name == "nmap" { return said.contains("--interactive") || startsShell(said) ? .medium : nil }
    guard startsShell(said) else {
      return name == "git" && said.contains(" -p help") || said.contains(" changelog ") && name.hasPrefix("apt")
        ? .low : nil
    }
    // With `-c` it runs one command for a script, unless its ends are tied to the terminal's.
    let runsOne = said.contains("sh -c")
    return !runsOne || said.contains("<&") || said.contains("; exec ") || said.contains("-TT") ? .medium : nil
  }

  /// Where the program's name stands behind `sudo`, its options and assignments.
  private static func program(_ words: WordRun) -> Int? {
    var place = 1
    while place < words.count, place < 24 {
      let word = words[place]
      if word[0] == 0x2D {
        let hasValue = ["-u", "-g", "-p", "-C", "-h", "-r", "-t", "-T", "-U", "-D", "--user", "--group"].contains {
          word == $0
        }
        place += hasValue ? 2 : 1
      } else if word.firstIndex(of: 0x3D) != nil {
        place += 1
      } else {
        return place
      }
    }
    return nil
  }

  /// Whether a shell stands bare behind the program: `strace -o /dev/null /bin/sh`, `find . -exec /bin/sh -p \`.
  private static func handsOver(_ words: WordRun) -> Bool {
    for place in words.indices.dropFirst().prefix(32)
    where ShellWords.isShell(words[place]) && !(words[place] == "busybox") {
      var rest = words[place...]
      while let last = rest.last, rest.count > 1, last == "\\" || last == "+" || last == "-quit" {
        rest = rest.dropLast()
      }
      return ShellWords.isShellReadingInput(rest)
    }
    return false
  }

  /// The same without sudo: a set-uid copy keeps its rights only where the shell is told to (`-p`).
  static func keepsRights(_ it: BehaviourText) -> Bool {
    for (command, isTold) in zip(it.commands, it.commands(naming: ["-p"])) where isTold {
      guard runners.contains(command.words.name(0)) else { continue }
      let words = command.words
      for place in words.indices.dropFirst(2) where words[place] == "-p" && ShellWords.isShell(words[place - 1]) {
        return true
      }
    }
    return keepingCalls.occurs(in: it.text)
  }

  private static let keepingCalls = LiteralSet(exact: [
    "execl(\"/bin/sh\", \"sh\", \"-p\")", "execl(\"/bin/sh\",\"sh\",\"-p\")", "execl('/bin/sh','sh','-p')",
    "execl('/bin/sh', 'sh', '-p')",
    "pcntl_exec('/bin/sh', ['-p'])", "exec \"/bin/sh\", \"-p\"",
  ])
}
