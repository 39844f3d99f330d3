import Evidence

/// Something that a host starts again by itself: a job of cron, a unit of systemd, a key that lets somebody in …
///
/// All of them are events of one data type, so that what came to stay can be listed in one table whatever way it took:
/// `mechanism` says the way, `command` what runs, `user` as whom, `schedule` when.
struct PersistenceEntry {
  static let dataType = "linux:persistence:entry"

  enum Mechanism: String {
    case cron, at, systemd, initScript = "init.d", rcLocal = "rc.local", shellStartup = "shell-startup", motd
    case preload = "ld.so.preload", authorizedKey = "authorized-key", pam, udev, kernelModule = "kernel-module"
    case network = "network-hook", sshServer = "ssh-server", sshClient = "ssh-client", sshLogin = "ssh-rc"
    case inittab, upstart, generator = "systemd-generator", packageHook = "package-hook", logrotate
    case autostart = "xdg-autostart", serviceEnvironment = "service-environment"
    case inetd, kernelHelper = "kernel-helper"
  }

  var mechanism: Mechanism
  /// What runs; nil where it is whatever the one who logs in asks for.
  var command: String?
  /// As whom; nil for whoever comes.
  var user: String?
  /// When, in cron's or systemd's own terms or in words: `*/5 * * * *`, `at boot`.
  var schedule: String?
  /// When it was set up, where the file says so.
  var installed: Timestamp?
  var extra: [Attribute] = []

  func event(_ message: String, _ locator: Locator, meaning: TimeMeaning = .modification, file: String? = nil) -> Event
  {
    var attributes: [Attribute] = [Attribute("mechanism", mechanism.rawValue)]
    attributes.add("command", command)
    attributes.add("user", user)
    attributes.add("schedule", schedule)
    attributes += extra
    var entities: [Entity] = []
    if let user, !user.isEmpty, !user.contains(" ") { entities.append(Entity(.user, user)) }
    if let file, file.hasPrefix("/") { entities.append(Entity(.file, file)) }
    return Event(
      time: installed, meaning, dataType: Self.dataType, message: message, entities: entities, attributes: attributes,
      locator: locator)
  }
}
