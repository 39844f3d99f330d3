extension LogFormats {
  static let aws: [any LogFormat] = []
}
