import Foundation

/// Runs a program to its end and keeps what it said.
public struct ProgramResult: Sendable {
  public var status: Int32
  public var output: String
  public var errors: String
}

/// - Parameters:
///   - input: given on standard input, which is then closed.
///   - environment: added to the test's own.
public func runProgram(
  _ path: String, _ arguments: [String], input: String = "", in folder: String? = nil,
  environment: [String: String] = [:]
) throws -> ProgramResult {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
  // Through files: a pipe that nobody empties while the other is read would stop the program.
  let scratch = try TemporaryFolder()
  let inputFile = try scratch.write("in", input)
  let outputFile = try scratch.write("out", "")
  let errorFile = try scratch.write("err", "")
  process.standardInput = FileHandle(forReadingAtPath: inputFile)
  process.standardOutput = FileHandle(forWritingAtPath: outputFile)
  process.standardError = FileHandle(forWritingAtPath: errorFile)
  try process.run()
  process.waitUntilExit()
  let read = { (file: String) in String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self) }
  return ProgramResult(status: process.terminationStatus, output: read(outputFile), errors: read(errorFile))
}

/// The program under test, built beside the tests.
public let irAnalyze: String = {
  let folder = Bundle.main.executableURL?.deletingLastPathComponent().path ?? ""
  for place in [folder, "\(PackageFiles.root)/.build/release", "\(PackageFiles.root)/.build/debug"]
  where FileManager.default.isExecutableFile(atPath: place + "/ir-analyze") { return place + "/ir-analyze" }
  return "ir-analyze"
}()
