import Foundation

/// A Python program of `Tests/S3` that serves on the loopback and says its port first. It ends with its standard input.
public final class LocalServer: @unchecked Sendable {
  public let port: String
  private let process = Process()
  private let input = Pipe()

  public init(_ script: String, _ arguments: [String] = []) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "\(PackageFiles.root)/Tests/S3/\(script)"] + arguments
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A { line.append(byte) }
    port = String(decoding: line, as: UTF8.self)
    guard Int(port) != nil else { throw CocoaError(.executableLoad) }
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  public static func canImport(_ module: String) -> Bool {
    let result = try? runProgram("/usr/bin/env", ["python3", "-c", "import \(module)"])
    return result?.status == 0
  }

  public static let hasPython = canImport("http.server")
  public static let hasMoto = canImport("moto.server")
  public static let hasBotocore = canImport("botocore.auth")
}
