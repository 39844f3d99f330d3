import Bytes
import Evidence

/// A command as a shell's history keeps it.
struct ShellCommand {
  var text: String
  /// `bash`, `zsh`, `fish`, `python`, `mysql`, `psql`.
  var shell: String
  var user: String?
  /// From 1, in the order of the file.
  var sequence: Int
  var time: Timestamp?
  /// Seconds that it ran (zsh).
  var elapsed: Int64?
  /// The history's own path, where the file is a list of several.
  var file: String?
  /// Files that the command named and that were there (fish).
  var paths: [String] = []

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = [
      Attribute("command", text), Attribute("sequence", Int64(sequence)), Attribute("shell", shell),
    ]
    attributes.add("user", user)
    attributes.add("elapsed", elapsed)
    attributes.add("history_file", file)
    attributes.add("paths", paths)
    let who = user.map { "\($0) typed" } ?? "Somebody typed"
    return Event(
      time: time, .executed, dataType: "linux:shell:command", message: "\(who) in \(shell): \(text)",
      entities: (user.map { [Entity(.user, $0)] } ?? []) + paths.filter { $0.hasPrefix("/") }.map { Entity(.file, $0) },
      attributes: attributes, locator: locator)
  }

  /// Seconds since 1970 that a history may hold: from 1990 to 2100, lest a number in a comment be taken for a time.
  static func epoch(_ text: ByteView) -> Timestamp? {
    guard let seconds = text.integer, (631_152_000...4_102_444_800).contains(seconds) else { return nil }
    return Timestamp(seconds: seconds)
  }

  /// Whether the sample could be lines that somebody typed: text, and not too many characters that keyboards lack.
  ///
  /// - Parameter allowed: a control character that the program itself writes.
  static func isPlausible(_ sample: FormatSample, allowing allowed: UInt8? = nil) -> Bool {
    guard !sample.head.isEmpty else { return false }
    let view = sample.head.slice(0, 4096)
    // A few NULs do not make a short history another file.
    var (strange, zeros) = (0, 0)
    for index in 0..<view.count
    where view[index] < 0x20 && view[index] != 0x0A && view[index] != 0x09 && view[index] != 0x0D
      && view[index] != allowed
    {
      strange += 1
      if view[index] == 0 { zeros += 1 }
    }
    return (strange - min(zeros, 3)) * 50 < view.count
  }
}
