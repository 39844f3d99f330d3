extension LogFormats {
  static let linux: [any LogFormat] = []
}
