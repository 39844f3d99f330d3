import Foundation

/// One line on standard error that is drawn over and over: what is done, how fast, and how long it will take. Draws nothing
/// where standard error is no terminal, and only one line for each step there.
final class ProgressLine {
  private let isQuiet: Bool
  private let begin = Date()
  private var step = ""
  private var stepBegin = Date()
  private var lastDrawn = Date.distantPast
  private var isDrawn = false

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Begins a step: `ingest`, `analyze` …
  func begin(_ name: String) {
    clear()
    step = name
    stepBegin = Date()
    lastDrawn = .distantPast
  }

  /// - Parameters:
  ///   - done: bytes gone over in this step, of `all`.
  ///   - note: what else is worth saying (`12 of 240 units`).
  func update(done: UInt64, of all: UInt64, _ note: @autoclosure () -> String) {
    let now = Date()
    guard !isQuiet, Terminal.isInteractive, now.timeIntervalSince(lastDrawn) >= 0.1 else { return }
    lastDrawn = now
    let seconds = max(now.timeIntervalSince(stepBegin), 0.001)
    let rate = Double(done) / seconds
    let note = note()
    // Nobody knows how much standard input will bring.
    let whole = all >= done ? " of \(Terminal.size(all))" : ""
    var line =
      "\(step): \(Terminal.size(done))\(whole), \(note.isEmpty ? "" : note + ", ")\(Terminal.size(UInt64(rate)))/s"
    if done > 0, all > done, seconds > 1 { line += ", \(Self.duration(Double(all - done) / max(rate, 1))) left" }
    draw(line)
  }

  /// Ends a step with one line that stays.
  func end(_ summary: String) {
    clear()
    guard !isQuiet else { return }
    Terminal.tell("\(step): \(summary) in \(Self.duration(Date().timeIntervalSince(stepBegin)))")
  }

  private func draw(_ line: String) {
    var size = winsize()
    let width = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    Terminal.say("\r\u{1B}[K\(Terminal.printable(String(line.prefix(max(width - 1, 0)))))")
    isDrawn = true
  }

  private func clear() {
    if isDrawn { Terminal.say("\r\u{1B}[K") }
    isDrawn = false
  }

  /// `12 s`, `3 min 20 s`
  static func duration(_ seconds: Double) -> String {
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    let whole = seconds < 1e9 ? Int(seconds.rounded()) : 999_999_999
    if whole < 60 { return "\(whole) s" }
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
