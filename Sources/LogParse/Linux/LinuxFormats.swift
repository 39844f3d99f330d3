/// Files as they lie on a Linux host's disk.
extension LogFormats {
  static let linux: [any LogFormat] = [
    PasswdFormat(), ShadowFormat(), BashHistory(), ZshHistory(), FishHistory(), ClientHistory(),
  ]
}
