import Foundation
import TestSupport

/// The `openssl` program, which third parties check with.
enum OpenSSLTool {
  static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

  static func run(_ arguments: String...) throws -> ProgramResult { try runProgram("/usr/bin/openssl", arguments) }

  /// Makes an Ed25519 key; returns the paths of both halves.
  static func makeKey(in folder: String, _ name: String = "key") throws -> (private: String, public: String) {
    let paths = (private: "\(folder)/\(name).pem", public: "\(folder)/\(name).pub.pem")
    _ = try run("genpkey", "-algorithm", "ed25519", "-out", paths.private)
    _ = try run("pkey", "-in", paths.private, "-pubout", "-out", paths.public)
    return paths
  }
}
