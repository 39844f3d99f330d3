/// Outputs of commands that a collector ran on the live host. Recognized by their headers and rows, whatever the file is
/// called.
extension LogFormats {
  static let captures: [any LogFormat] = [
    // Begins like any of the others.
    TranscriptFormat(), VelociraptorFormat(),
    // One line with a time in it: nearly a login.
    DateFormat(), UnameFormat(),
    UtmpdumpFormat(), StatFormat(), StatTableFormat(), FileMarksFormat(), NetstatFormat(), SsFormat(), ProcNetFormat(),
    ConntrackFormat(),
    LsofFormat(), LsfdFormat(),
    PsFormat(), WFormat(), LastFormat(),
    LastlogFormat(),
    LsmodFormat(),
    TimedatectlFormat(), UACLogFormat(), UACAcquisitionFormat(), FreeFormat(),
    SystemdTimersFormat(), SystemdUnitsFormat(), SystemdStatusFormat(), IptablesFormat(), NftablesFormat(),
    DockerPsFormat(), DockerInspectFormat(), DockerPsJSONFormat(), LoginctlFormat(), ContainerTableFormat(),
    ServiceListFormat(), AtFormat(), IdFormat(), SysctlFormat(), LsblkFormat(), DmidecodeFormat(),
    UlimitFormat(), EnvironmentFormat(), RootkitCheckFormat(),
    FilesystemFormat(), InterfaceFormat(), IPJSONFormat(), FindmntJSONFormat(), LsblkJSONFormat(), DmesgJSONFormat(),
    SystemctlJSONFormat(), SecuritySettingFormat(), AuditRulesFormat(), HostIdentityFormat(), NeighbourFormat(),
    RouteFormat(), ProcStatusFormat(),
    ProcMapsFormat(), ProcLoopFormat(), LastcommFormat(), HashListFormat(), FileTimesFormat(), PstreeFormat(),
    PackageVerifyFormat(), PackageListFormat(),
    PathListFormat(), HistoryOutput(),
    LsofFieldFormat(), WhoFormat(),
    EmptyCapture(),
  ]
}
