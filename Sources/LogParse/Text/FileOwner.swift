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
    if let name = parts.last, name.hasPrefix("crontab_-") { return ofCapture(name) }
    guard let cron = parts.lastIndex(where: { $0 == "cron" || $0 == "crontabs" || $0 == "tabs" }),
      cron + 1 == parts.count - 1,
      parts[..<cron].contains("spool") || parts[cron] == "crontabs" && parts[..<cron].last == "etc"
    else { return nil }
    return String(parts[parts.count - 1])
  }

  /// What `crontab` was asked for, in a file named by the command: `crontab_-l_-u_ops.txt`.
  private static func ofCapture(_ name: Substring) -> String? {
    let stem = name.hasSuffix(".txt") ? name.dropLast(4) : name
    guard let place = stem.firstRange(of: "_-u_") else { return nil }
    let user = stem[place.upperBound...]
    let end = user.firstRange(of: "_-")?.lowerBound ?? user.endIndex
    return user[..<end].isEmpty ? nil : String(user[..<end])
  }
}
