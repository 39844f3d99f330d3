import ArgumentParser
import Bytes
import Detectors
import Foundation

struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect", abstract: "Runs every text detector over strings from standard input.",
    discussion: "Lines of {\"id\": …, \"text\": …} in, lines of {\"id\": …, \"detections\": […]} out.")

  @Flag(help: "JSON Lines in and out; the only form there is.")
  var jsonl = false

  func run() throws {
    try forEachInputLine { Terminal.print(bytes: detectJSONL(line: $0) + [0x0A]) }
  }
}

struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Decodes Log4Shell text from standard input, a line at a time, into JSON Lines.")

  func run() throws {
    try forEachInputLine { line in
      let found = Detectors.decodeLine(line)
      if !found.isEmpty { Terminal.print(bytes: found + [0x0A]) }
    }
  }
}

/// Longest line of input that is taken whole.
private let longestLine = 64 << 20

private func forEachInputLine(_ body: (ByteView) -> Void) throws {
  let reader = LineReader(FileStream(descriptor: dup(0), name: "standard input"), limit: longestLine)
  while let line = try reader.next() { body(line.bytes) }
}
