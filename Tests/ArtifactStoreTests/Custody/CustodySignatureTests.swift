import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: OpenSSLTool.isThere, "needs the openssl program"))
struct CustodySignatureTests {
  private let folder: TemporaryFolder
  private let keys: (private: String, public: String)
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    keys = try OpenSSLTool.makeKey(in: folder.path)
    store = try ArtifactStore(directory: folder.path + "/store", signer: SigningKey(path: keys.private))
    for index in 0..<3 {
      try store.custody.append([.init("ingest", digest: Digest(of: [UInt8(index)]))], tool: "t")
    }
  }

  private func publicKey(_ path: String) throws -> PublicKey {
    try #require(PublicKey(pem: [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))))
  }

  @Test func everyEntryIsSignedAndTheKeyFits() throws {
    let check = try store.custody.examine(trusted: publicKey(keys.public))
    #expect(check.problems.isEmpty && check.signed == 3)
    #expect(try store.custody.examine().problems.isEmpty)
    let other = try OpenSSLTool.makeKey(in: folder.path, "other")
    #expect(try store.custody.examine(trusted: publicKey(other.public)).problems.count == 4)
  }

  @Test func opensslAndSedCheckALine() throws {
    let script = """
      set -e; cd '\(folder.path)'
      sed -n 2p store/custody.jsonl | tr -d '\\n' | sed 's/,"signature":"[^"]*"}$/}/' > line
      sed -n 2p store/custody.jsonl | sed 's/.*,"signature":"\\([^"]*\\)"}$/\\1/' | base64 -d > line.sig
      openssl pkeyutl -verify -rawin -pubin -inkey key.pub.pem -in line -sigfile line.sig
      """
    let result = try runProgram("/bin/bash", ["-c", script])
    #expect(result.status == 0 && result.output.contains("Signature Verified Successfully"))
  }

  @Test func aChainMadeAnewWithoutTheKeyIsNoticed() throws {
    let forged = try ArtifactStore(directory: folder.path + "/forged")
    for index in 0..<3 {
      try forged.custody.append([.init("ingest", digest: Digest(of: [UInt8(index + 100)]))], tool: "t")
    }
    for name in ["custody.jsonl", "custody.head"] {
      try FileManager.default.removeItem(atPath: "\(store.directory)/\(name)")
      try FileManager.default.copyItem(atPath: "\(forged.directory)/\(name)", toPath: "\(store.directory)/\(name)")
    }
    #expect(try store.custody.examine().problems.isEmpty)
    #expect(try store.custody.examine(trusted: publicKey(keys.public)).problems.contains("custody.head is not signed"))
  }

  @Test func anEditedLineAndARemovedSignatureAreNamedThemselves() throws {
    let text = try String(contentsOfFile: store.custody.path, encoding: .utf8)
    var lines = text.split(separator: "\n").map(String.init)
    lines[2] = lines[2].replacing(#""tool":"t""#, with: #""tool":"u""#)
    try (lines.joined(separator: "\n") + "\n").write(toFile: store.custody.path, atomically: true, encoding: .utf8)
    #expect(try store.custody.examine().problems.contains { $0.contains("the signature of line 3 is wrong") })
    lines[1] = lines[1].replacing(/,"signature":"[^"]*"/, with: "")
    try (lines.joined(separator: "\n") + "\n").write(toFile: store.custody.path, atomically: true, encoding: .utf8)
    #expect(try store.custody.examine().problems.contains { $0.contains("the signature of line 2 was removed") })
  }

  @Test func whatIsNoKeyIsTheCallersMistake() throws {
    let text = try folder.write("text.pem", "hello")
    let rsa = folder.path + "/rsa.pem"
    _ = try OpenSSLTool.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", rsa)
    let locked = folder.path + "/locked.pem"
    _ = try OpenSSLTool.run("pkey", "-in", keys.private, "-aes-256-cbc", "-passout", "pass:secret", "-out", locked)
    for path in [text, rsa, locked, keys.public, folder.path + "/absent"] {
      #expect(throws: StoreError(.badSource, "")) { try SigningKey(path: path) }
    }
    #expect(
      PublicKey(pem: Array("hello".utf8)) == nil && PublicKey(pkcs1: [1, 2, 3]) == nil && PublicKey(pkcs1: []) == nil)
  }
}
