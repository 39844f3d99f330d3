/// Files as they lie on a Linux host's disk.
extension LogFormats {
  static let linux: [any LogFormat] = [
    SyslogFormat(), DmesgFormat(), AccessLogFormat(), ApplicationLogFormat(), UtmpFormat(), LastlogRecords(),
    PasswdFormat(), ShadowFormat(), BashHistory(), ZshHistory(), FishHistory(), ClientHistory(),
  ]
}
