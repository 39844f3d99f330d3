/// Where a host keeps what starts by itself, and who may come in.
enum PersistencePlaces {
  private static let folders = [
    "/etc/cron", "/etc/anacrontab", "/var/spool/cron/", "/var/spool/at/", "/etc/systemd/", "/usr/lib/systemd/",
    "/lib/systemd/", "/usr/local/lib/systemd/", "/etc/init.d/", "/etc/inittab", "/etc/rc", "/etc/profile",
    "/etc/bash.bashrc", "/etc/bash_completion.d/", "/etc/zsh", "/etc/environment", "/etc/ld.so.preload",
    "/etc/ld.so.conf", "/etc/sudoers", "/etc/pam.d/", "/etc/security/pam_env.conf", "/etc/ssh/sshrc",
    "/etc/ssh/sshd_config", "/etc/udev/rules.d/", "/etc/modules-load.d/", "/etc/modules", "/etc/modprobe.d/",
    "/etc/update-motd.d/", "/etc/apt/apt.conf.d/", "/etc/dnf/plugins/", "/etc/yum/pluginconf.d/",
    "/etc/network/if-", "/etc/NetworkManager/dispatcher.d/", "/etc/networkd-dispatcher/", "/etc/dhcp/dhclient-",
    "/etc/initramfs-tools/", "/etc/dracut", "/etc/kernel/", "/etc/grub.d/", "/etc/xdg/autostart/",
    "/etc/logrotate.d/", "/etc/xinetd.d/", "/etc/inetd.conf",
  ]

  /// In anybody's home.
  private static let names: Set<String> = [
    ".bashrc", ".profile", ".bash_profile", ".bash_login", ".bash_logout", ".zshrc", ".zshenv", ".zprofile", ".zlogin",
    ".xprofile", ".xinitrc", ".pam_environment", "sitecustomize.py", "usercustomize.py",
  ]

  /// - Parameter isWritten: whether its content is of the time: what a package brings keeps the time at which it was built.
  static func holds(_ path: String, isWritten: Bool) -> Bool {
    guard let slash = path.lastIndex(of: "/") else { return false }
    let name = String(path[path.index(after: slash)...])
    // Counters and locks of cron and at, which change with every job.
    if name == ".SEQ" || name == ".lockfile" { return false }
    if folders.contains(where: path.hasPrefix) || names.contains(name) { return true }
    if name.hasPrefix("authorized_keys") || path.hasSuffix("/.ssh/rc") || path.hasSuffix("/.ssh/environment") {
      return true
    }
    if path.contains("/.config/systemd/") || path.contains("/.config/autostart/") { return true }
    if path.contains("/.git/hooks/") { return !name.hasSuffix(".sample") }
    guard isWritten else { return false }
    if path.contains("/security/pam_") && name.hasSuffix(".so") { return true }
    if path.hasPrefix("/lib/modules/") || path.hasPrefix("/usr/lib/modules/") {
      return [".ko", ".ko.xz", ".ko.zst", ".ko.gz"].contains(where: name.hasSuffix)
    }
    return name.hasSuffix(".pth") && (path.contains("/dist-packages/") || path.contains("/site-packages/"))
  }
}
