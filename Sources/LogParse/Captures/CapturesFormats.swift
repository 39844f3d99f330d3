/// Outputs of commands that a collector ran on the live host. Recognized by their headers and rows, whatever the file is
/// called.
extension LogFormats {
  static let captures: [any LogFormat] = [
    NetstatFormat(), SsFormat(), LsofFormat(), LsofFieldFormat(), PsFormat(), WFormat(), LastFormat(), LastlogFormat(),
    WhoFormat(), LsmodFormat(), DateFormat(), UnameFormat(), FreeFormat(), FilesystemFormat(), InterfaceFormat(),
    HistoryOutput(), PathListFormat(), EmptyCapture(),
  ]
}
