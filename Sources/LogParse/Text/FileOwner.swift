/// What a path says of the file's owner.
enum FileOwner {
  /// `/home/admin/.bash_history`, `[root]/home/admin/…` → `admin`; `/root/…` → `root`; nil elsewhere.
  static func user(ofPath path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    for (index, part) in parts.enumerated().dropLast() {
      if part == "home" || part == "Users", index + 2 < parts.count { return String(parts[index + 1]) }
      if part == "root", parts[index + 1].hasPrefix(".") { return "root" }
    }
    return nil
  }

  /// The user that a crontab of `/var/spool/cron[/crontabs]` belongs to; Alpine's lie in `/etc/crontabs`.
  static func ofCrontab(_ path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    guard let cron = parts.lastIndex(where: { $0 == "cron" || $0 == "crontabs" || $0 == "tabs" }),
      cron + 1 == parts.count - 1,
      parts[..<cron].contains("spool") || parts[cron] == "crontabs" && parts[..<cron].last == "etc"
    else { return nil }
    return String(parts[parts.count - 1])
  }
}
