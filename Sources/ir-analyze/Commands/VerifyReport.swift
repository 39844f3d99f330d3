import ArtifactStore
import Bytes
import Evidence
import Foundation

/// A folder that says what a check found, for somebody who has the store and standard tools but not this program.
struct VerifyReport {
  private let check: StoreCheck
  private let store: ArtifactStore
  private let time: Timestamp

  init(_ check: StoreCheck, _ store: ArtifactStore, at time: Timestamp) {
    self.check = check
    self.store = store
    self.time = time
  }

  func write(to folder: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder + "/keys", withIntermediateDirectories: true)
      let log = store.custody.path
      if FileManager.default.fileExists(atPath: log) {
        try FileManager.default.copyItem(atPath: log, toPath: folder + "/custody.jsonl")
      }
      for fingerprint in check.custody.keys.sorted() {
        try FileManager.default.copyItem(
          atPath: "\(store.directory)/keys/\(fingerprint).pem", toPath: "\(folder)/keys/\(fingerprint).pem")
      }
    } catch {
      throw ExitStatus.Failure(.internalError, "cannot write the report to \(folder): \(error.localizedDescription)")
    }
    let json = check.json(tool: IRAnalyze.tool, at: time)
    try put("SHA256SUMS", Array(check.sums.utf8), folder)
    try put("objects.jsonl", objects, folder)
    try put("verify.json", json, folder)
    try put("README.txt", Array(Self.readme.utf8), folder)
    guard let signer = store.custody.signer else { return }
    try put("verify.json.sig", signer.sign(json), folder)
    try put("SHA256SUMS.sig", signer.sign(Array(check.sums.utf8)), folder)
    try put("signer.pem", Array(signer.publicKey.pem.utf8), folder)
  }

  private func put(_ name: String, _ bytes: [UInt8], _ folder: String) throws {
    try writeAtomically(bytes, to: "\(folder)/\(name)", durable: true)
  }

  private var objects: [UInt8] {
    var out = JSONWriter()
    for object in check.objects {
      out.object { out in
        out.field("sha256", object.digest.hex)
        out.field("bytes", object.byteCount)
        out.field("form", object.form == .plain ? "plain" : String(object.form.rawValue.dropFirst()))
        out.field("file", object.file)
        out.field("file_sha256", object.fileDigest.hex)
      }
      out.newline()
    }
    return out.bytes
  }

  private static let readme = """
    What ir-analyze verify found, and how to check it without ir-analyze.

    Every file of the store, in the store's folder:
      sha256sum -c THIS/SHA256SUMS
    An object is named by the SHA-256 of its bytes. Those that objects.jsonl calls plain are files of these bytes; of the others
    (packed: pages shared with another image; zst: `zstd -dc` gives the bytes) SHA256SUMS has the sum of the file that keeps them.

    This report, where it was signed:
      openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in verify.json -sigfile verify.json.sig
      openssl pkeyutl -verify -rawin -pubin -inkey signer.pem -in SHA256SUMS -sigfile SHA256SUMS.sig

    Custody: each line of custody.jsonl holds, as "previous", the SHA-256 of the line before it without its line end:
      sed -n 1p custody.jsonl | tr -d '\\n' | sha256sum      (is "previous" of line 2)
    A line that is signed ends in "signature"; what was signed (Ed25519) is the line without it. For line 1, signed by "key":
      sed -n 1p custody.jsonl | tr -d '\\n' | sed 's/,"signature":"[^"]*"}$/}/' > line
      sed -n 1p custody.jsonl | sed 's/.*,"signature":"\\([^"]*\\)"}$/\\1/' | base64 -d > line.sig
      openssl pkeyutl -verify -rawin -pubin -inkey keys/KEY.pem -in line -sigfile line.sig

    What this cannot show: that a log was cut at its end together with custody.head, or written anew with another key. Compare the
    count and head in verify.json with those noted elsewhere (run.json, an export's manifest.json), and the key with the one you know.

    """
}
