/// Formats that need, or tell, what the host's own clock and zone were. Names, so that whoever plans work can order it: those
/// that tell first, those that need afterwards with what was told in their context.
extension LogFormats {
  /// Their times are local to the host, or lack the date or the year: `ParseContext.zone` and `.collected` change the events.
  public static let readingLocalTimes: Set<String> = [
    "linux.syslog", "linux.dmesg", "linux.package_log", "linux.crontab", "app.log", "capture.last", "capture.lastlog",
    "capture.history", "capture.ps", "capture.w", "capture.who", "capture.paths",
    "capture.systemd_timers", "capture.systemd_status", "linux.audit_interpreted", "linux.journal_verbose",
    "linux.sudo_log", "linux.ftp", "capture.transcript", "app.klog", "linux.run_output",
    "linux.audit_report",
  ]

  /// Of these, the ones that lack the year and nothing else.
  public static let lackingOnlyTheYear: Set<String> = [
    "linux.syslog", "linux.sudo_log", "linux.package_log", "app.klog", "capture.paths",
  ]

  /// Their events `linux:host:clock` and `linux:host:zone` say what the clock showed and, in `zone_minutes`, its zone.
  public static let tellingHostClock: Set<String> = [
    "capture.date", "capture.timedatectl", "capture.uac_log", "capture.uac_acquisition", "linux.timezone",
    "linux.localtime",
  ]
}
