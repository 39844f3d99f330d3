/// Outputs of commands that a collector ran on the live host. Recognized by their headers and rows, whatever the file is
/// called.
extension LogFormats {
  static let captures: [any LogFormat] = [
    NetstatFormat(), SsFormat(), LsofFormat(), PsFormat(), WFormat(), LastFormat(), LastlogFormat(), LsmodFormat(),
    DateFormat(), TimedatectlFormat(), UACLogFormat(), UACAcquisitionFormat(), UnameFormat(), FreeFormat(),
    FilesystemFormat(), InterfaceFormat(), ProcStatusFormat(),
    ProcMapsFormat(), HashListFormat(), HistoryOutput(), LsofFieldFormat(), WhoFormat(), PathListFormat(),
    EmptyCapture(),
  ]
}
