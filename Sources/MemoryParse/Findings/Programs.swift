/// What programs are known to be, by the name of their file.
enum Programs {
  static let shells: Set<String> = [
    "bash", "sh", "dash", "zsh", "ksh", "mksh", "ash", "busybox", "fish", "csh", "tcsh", "rbash", "lksh", "pwsh",
  ]
  /// Relays and interpreters by which a shell is tied to a connection.
  static let relays: Set<String> = [
    "nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat", "telnet", "openssl", "perl", "python", "ruby",
    "php", "node", "lua", "awk", "gawk", "mawk", "java", "xterm", "curl", "wget", "chisel", "pwncat",
  ]
  static let interpreters: Set<String> = [
    "perl", "python", "ruby", "php", "node", "lua", "bash", "sh", "dash", "zsh", "awk",
  ]
  /// Run time environments that compile into memory: writable and executable pages are normal there.
  static let compilers: Set<String> = [
    "java", "node", "nodejs", "mono", "dotnet", "php", "php-fpm", "luajit", "qemu", "chrome", "chromium", "firefox",
    "mongod", "postgres", "beam.smp", "ruby", "pypy", "julia", "gnome-shell", "gjs", "nginx", "haproxy", "mysqld",
    "mariadbd", "grep", "git", "rspamd", "suricata", "snort",
  ]
  /// Programs whose work is raw or packet sockets.
  static let packetTools: Set<String> = [
    "dhclient", "dhcpcd", "systemd-networkd", "systemd-network", "NetworkManager", "lldpd", "keepalived", "ping",
    "ping6", "chronyd", "arping", "radvd", "dnsmasq", "wpa_supplicant", "hostapd", "ospfd", "zebra", "bird", "snmpd",
    "amazon-ssm-agent", "networkd-dispat", "udhcpc", "arpwatch", "fping", "traceroute", "mtr", "mtr-packet", "connmand",
  ]

  /// File name of a path without version (`python3.11` → `python`) and without ` (deleted)`.
  static func family(_ path: String) -> String {
    var name = Substring(base(path))
    while let last = name.last, last.isNumber || last == "." || last == "-" { name.removeLast() }
    return name.isEmpty ? base(path) : String(name)
  }

  /// File name of a path.
  static func base(_ path: String) -> String {
    var text = Substring(path)
    if text.hasSuffix(" (deleted)") { text = text.dropLast(10) }
    guard let slash = text.lastIndex(of: "/") else { return String(text) }
    return String(text[text.index(after: slash)...])
  }

  static func program(_ process: Process) -> String {
    process.executable.map { base($0.text) } ?? process.task.name
  }

  static func isShell(_ process: Process) -> Bool {
    guard let executable = process.executable else { return shells.contains(process.task.name) }
    return shells.contains(base(executable.text))
  }

  /// Places where anybody may write.
  static func isOpenToAll(_ path: String) -> Bool {
    ["/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/"].contains { path.hasPrefix($0) }
  }

  /// A name that `ls` does not show.
  static func isHidden(_ path: String) -> Bool { path.contains("/.") }
}
