extension LogFormats {
  static let captures: [any LogFormat] = []
}
