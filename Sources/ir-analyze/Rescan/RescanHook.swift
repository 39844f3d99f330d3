import Foundation

/// Tells others of a re-scan: `ir-analyze notify`, a mail, a ticket; what, is the administrator's.
enum RescanHook {
  /// Runs the command with `/bin/sh -c` and hands it the report. It is not waited for longer than its input and its end take.
  ///
  /// - Returns: whether it ended with 0.
  static func run(_ command: String, input: [UInt8]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    // Standard output is for the report; what the hook says goes where messages go.
    process.standardOutput = FileHandle.standardError
    let pipe = Pipe()
    process.standardInput = pipe
    do {
      try process.run()
      // A hook that does not read is no failure.
      try? pipe.fileHandleForWriting.write(contentsOf: Data(input))
      try? pipe.fileHandleForWriting.close()
      process.waitUntilExit()
      return process.terminationReason == .exit && process.terminationStatus == 0
    } catch {
      return false
    }
  }
}
