/// Files as they lie on a Linux host's disk, or were copied from its /proc.
extension LogFormats {
  static let linux: [any LogFormat] = [
    // Known by their place alone, so they come first.
    PreloadFormat(), ProcTextFormat(), StartupScriptFormat(), PAMFormat(), UdevRulesFormat(), KernelModulesFormat(),
    SSHServerFormat(), ZoneNameFormat(), TZifFormat(), InittabFormat(), UpstartFormat(), LogrotateFormat(),
    AptHookFormat(), AutostartFormat(), SSHClientFormat(), LoaderPathFormat(),
    InetdFormat(), KernelHelperFormat(),
    // dnf's log looks like syslog's with a host called SUBDEBUG.
    PackageLogFormat(), RunOutputFormat(),
    // Its times look like dmesg's, whose ISO times look like syslog's.
    JournalMonotonicFormat(), DmesgFormat(),
    SudoLogFormat(), SyslogFormat(), AuditFormat(), AuditInterpretedFormat(), AuditReportFormat(),
    JournalFileFormat(),
    JournalExportFormat(),
    JournalJSONFormat(), JournalVerboseFormat(),
    KlogFormat(), ExtendedLogFormat(), AccessLogFormat(), ContainerLogFormat(), JSONLogFormat(), FTPLogFormat(),
    BodyfileFormat(),
    UtmpFormat(),
    LastlogRecords(), FailureRecords(), AccountingFormat(),
    PasswdFormat(), ShadowFormat(), GroupFormat(), GroupShadowFormat(), SudoersFormat(), KnownHostsFormat(),
    AuthorizedKeysFormat(),
    CrontabFormat(), SystemdUnitFormat(), ShellStartupFormat(), ServiceEnvironmentFormat(),
    VimInfo(), WgetHosts(), ZshHistory(), FishHistory(), BashHistory(), ClientHistory(), ApplicationLogFormat(),
  ]
}
