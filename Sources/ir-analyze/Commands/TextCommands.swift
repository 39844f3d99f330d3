import ArgumentParser
import Bytes
import Detectors

struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect", abstract: "Runs every text detector over strings from standard input.",
    discussion: "Lines of {\"id\": …, \"text\": …} in, lines of {\"id\": …, \"detections\": […]} out.")

  @Flag(help: "JSON Lines in and out; the only form there is.")
  var jsonl = false

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    try LineWork(threads: threads.count) { line, out in
      out += detectJSONL(line: line)
      out.append(0x0A)
    }.run()
  }
}

struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Decodes Log4Shell text from standard input, a line at a time, into JSON Lines.")

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    try LineWork(threads: threads.count) { line, out in
      let found = Detectors.decodeLine(line)
      if found.isEmpty { return }
      out += found
      out.append(0x0A)
    }.run()
  }
}
