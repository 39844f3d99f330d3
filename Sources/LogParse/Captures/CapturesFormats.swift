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
    LsofFormat(),
    PsFormat(), WFormat(), LastFormat(),
    LastlogFormat(),
    LsmodFormat(),
    TimedatectlFormat(), UACLogFormat(), UACAcquisitionFormat(), FreeFormat(),
    SystemdTimersFormat(), SystemdUnitsFormat(), SystemdStatusFormat(), IptablesFormat(), NftablesFormat(),
    DockerPsFormat(), DockerInspectFormat(), AtFormat(), IdFormat(), SysctlFormat(), LsblkFormat(), DmidecodeFormat(),
    UlimitFormat(), EnvironmentFormat(), RootkitCheckFormat(),
    FilesystemFormat(), InterfaceFormat(), IPJSONFormat(), NeighbourFormat(), RouteFormat(), ProcStatusFormat(),
    ProcMapsFormat(), HashListFormat(), FileTimesFormat(), PstreeFormat(), PackageVerifyFormat(), PackageListFormat(),
    PathListFormat(), HistoryOutput(),
    LsofFieldFormat(), WhoFormat(),
    EmptyCapture(),
  ]
}
