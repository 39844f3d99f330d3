import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// `verify` names everything that was done to a store, and what it leaves can be checked without this program.
struct VerifyTests {
  private let folder: TemporaryFolder
  private let store: String

  init() throws {
    folder = try TemporaryFolder()
    store = folder.path + "/store"
    try folder.write("in/one.txt", "first evidence")
    try folder.write("in/two.txt", "second evidence")
    #expect(try run("ingest", folder.path + "/in", "--case", "c").status == 0)
    #expect(try run("ingest", folder.path + "/in", "--case", "d").status == 0)
  }

  private func run(_ arguments: String...) throws -> ProgramResult {
    try runProgram(irAnalyze, arguments + ["--store", store])
  }

  private func object(_ text: String) -> String {
    let hex = Digest(of: Array(text.utf8)).hex
    return "\(store)/objects/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  private func replace(_ path: String, _ text: String) throws {
    unlink(path)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private var custody: String {
    get throws { try String(contentsOfFile: store + "/custody.jsonl", encoding: .utf8) }
  }

  @Test func anUntouchedStoreIsWhole() throws {
    let result = try run("verify")
    #expect(result.status == 0 && result.output.split(separator: "\n").count == 2)
    let list = try folder.write("list", result.output)
    #expect(try runProgram("/usr/bin/sha256sum", ["-c", "--quiet", list]).status == 0)
    let json = try run("verify", "--json")
    #expect(json.status == 0)
    #expect(json.output.withView { JSONView($0)["whole"]?.bool } == true)
    #expect(json.output.withView { JSONView($0)["objects"]?.integer } == 2)
  }

  @Test func aFlippedBitATruncatedAndADeletedObjectAreNamed() throws {
    let digest = Digest(of: Array("first evidence".utf8)).hex
    for damage in ["first evidencd", "first", ""] {
      try replace(object("first evidence"), damage)
      let result = try run("verify", "-q")
      #expect(result.status == 3 && result.errors.contains(digest) && result.errors.contains("is damaged"))
      #expect(!result.errors.contains(Digest(of: Array("second evidence".utf8)).hex))
    }
    unlink(object("first evidence"))
    let result = try run("verify", "-q")
    #expect(result.status == 3 && result.errors.contains("object \(digest) (case c, one.txt) is gone"))
    let json = try run("verify", "-q", "--json")
    #expect(json.status == 3 && json.output.contains(#""kind":"missing","digest":"\#(digest)""#))
  }

  @Test func anEditedAReorderedAndACutCustodyLogAreNamed() throws {
    let whole = try custody
    let lines = whole.split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    let changed: [(lines: [String], said: String)] = [
      (
        [lines[0], lines[1].replacing("two.txt", with: "2.txt"), lines[2], lines[3]],
        "line 3 does not follow from line 2"
      ),
      ([lines[0], lines[2], lines[1], lines[3]], "line 2"), (Array(lines.dropLast()), "was cut"),
    ]
    for (lines, said) in changed {
      try replace(store + "/custody.jsonl", lines.joined(separator: "\n") + "\n")
      let result = try run("verify", "-q")
      #expect(result.status == 3 && result.errors.contains(said), "\(said)")
    }
    try replace(store + "/custody.jsonl", whole)
    #expect(try run("verify", "-q").status == 0)
  }

  @Test func anAnchorNotedElsewhereIsCompared() throws {
    let info = try run("store", "info", "--json").output
    let head = try #require(info.withView { JSONView($0)["custody_head"]?.string })
    #expect(try run("verify", "-q", "--anchor", "4:\(head)").status == 0)
    #expect(try run("verify", "-q", "--anchor", "5:\(head)").status == 3)
    #expect(try run("verify", "-q", "--anchor", "3:\(head)").status == 3)
    #expect(try run("verify", "-q", "--anchor", "four").status == 64)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs the openssl program"))
  func aThirdPartyChecksTheReportWithSha256sumAndOpenssl() throws {
    let key = folder.path + "/key.pem"
    let script =
      "openssl genpkey -algorithm ed25519 -out '\(key)' && openssl pkey -in '\(key)' -pubout -out '\(key).pub'"
    #expect(try runProgram("/bin/sh", ["-c", script]).status == 0)
    try folder.write("more/three.txt", "third")
    #expect(try run("ingest", folder.path + "/more", "--case", "c", "--sign-key", key).status == 0)
    let report = folder.path + "/report"
    #expect(try run("verify", "-q", "--report", report, "--sign-key", key, "--key", key + ".pub").status == 0)
    let check = """
      set -e; cd '\(store)'
      sha256sum -c --quiet '\(report)/SHA256SUMS'
      cd '\(report)'
      cmp signer.pem '\(key).pub'
      openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in verify.json -sigfile verify.json.sig
      openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in SHA256SUMS -sigfile SHA256SUMS.sig
      test "$(sed -n 1p custody.jsonl | tr -d '\\n' | sha256sum | cut -c1-64)" = "$(sed -n 2p custody.jsonl | sed 's/.*"previous":"\\([0-9a-f]*\\)".*/\\1/')"
      sed -n 5p custody.jsonl | tr -d '\\n' | sed 's/,"signature":"[^"]*"}$/}/' > line
      sed -n 5p custody.jsonl | sed 's/.*,"signature":"\\([^"]*\\)"}$/\\1/' | base64 -d > line.sig
      openssl pkeyutl -verify -rawin -pubin -inkey keys/*.pem -in line -sigfile line.sig
      """
    let result = try runProgram("/bin/bash", ["-c", check])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.components(separatedBy: "Signature Verified Successfully").count == 4)
    // The report is never written over another.
    #expect(try run("verify", "-q", "--report", report).status == 64)
    // Another key than the one that is trusted.
    #expect(
      try runProgram(
        "/bin/sh", ["-c", "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out '\(key).other'"]
      ).status == 0)
    #expect(try run("verify", "-q", "--key", key + ".other").status == 3)
    #expect(try run("verify", "-q", "--key", key).status == 64)
  }
}
