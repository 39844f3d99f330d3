import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// A chain of digests signed with a key of the test's own, by OpenSSL's program; then everything that can be wrong with one.
@Suite(.enabled(if: OpenSSLTool.isThere, "needs the openssl program"))
struct CloudTrailCheckTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore
  private static let account = "111122223333"
  private static let bucket = "trail-bucket"

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
    _ = try OpenSSLTool.run(
      "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", folder.path + "/rsa.pem")
    _ = try OpenSSLTool.run(
      "rsa", "-in", folder.path + "/rsa.pem", "-RSAPublicKey_out", "-outform", "DER", "-out", folder.path + "/rsa.der")
    let der = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/rsa.der"))
    try folder.write(
      "keys.json", #"{"PublicKeyList":[{"Value":"\#(der.base64EncodedString())","Fingerprint":"aabb"}]}"#)
  }

  private func logKey(_ hour: Int) -> String {
    "AWSLogs/\(Self.account)/CloudTrail/eu-west-1/2026/11/25/\(Self.account)_CloudTrail_eu-west-1_20261125T0\(hour)05Z_abcdefghijkl000\(hour).json.gz"
  }

  private func digestKey(_ hour: Int) -> String {
    "AWSLogs/\(Self.account)/CloudTrail-Digest/eu-west-1/2026/11/25/\(Self.account)_CloudTrail-Digest_eu-west-1_main_eu-west-1_20261125T0\(hour)0000Z.json.gz"
  }

  private func log(_ hour: Int) -> String { #"{"Records":[{"eventID":"\#(hour)"}]}"# }

  private func sign(_ text: String) throws -> String {
    let message = try folder.write("message", text)
    _ = try OpenSSLTool.run(
      "dgst", "-sha256", "-sign", folder.path + "/rsa.pem", "-out", folder.path + "/signature", message)
    return hexadecimal(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/signature")))
  }

  private func writeGzip(_ name: String, _ text: String) throws {
    let path = try folder.write("in/\(name.dropLast(3))", text)
    _ = try runProgram("/usr/bin/gzip", ["-n", "-f", path])
  }

  /// Hours 1 to 4, each with a log; the last signature lies beside its digest.
  ///
  /// - Parameter startsAnew: an hour whose digest begins a chain of its own.
  private func makeChain(startsAnew: Int? = nil) throws {
    var previous: (key: String, hash: String, signature: String)?
    for hour in 1...4 {
      try writeGzip(logKey(hour), log(hour))
      let before = hour == startsAnew ? nil : previous
      func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }
      let text = """
        {"awsAccountId":"\(Self.account)","digestStartTime":"2026-11-25T0\(hour - 1):00:00Z","digestEndTime":"2026-11-25T0\(hour):00:00Z",\
        "digestS3Bucket":"\(Self.bucket)","digestS3Object":"\(digestKey(hour))","digestPublicKeyFingerprint":"aabb",\
        "digestSignatureAlgorithm":"SHA256withRSA","previousDigestS3Bucket":\(quoted(before.map { _ in Self.bucket })),\
        "previousDigestS3Object":\(quoted(before?.key)),"previousDigestHashValue":\(quoted(before?.hash)),\
        "previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":\(quoted(before?.signature)),"logFiles":[\
        {"s3Bucket":"\(Self.bucket)","s3Object":"\(logKey(hour))","hashValue":"\(Digest(of: Array(log(hour).utf8)).hex)","hashAlgorithm":"SHA-256"}]}
        """
      let hash = Digest(of: Array(text.utf8)).hex
      let signature = try sign(
        "2026-11-25T0\(hour):00:00Z\n\(Self.bucket)/\(digestKey(hour))\n\(hash)\n\(before?.signature ?? "null")")
      try writeGzip(digestKey(hour), text)
      previous = (digestKey(hour), hash, signature)
    }
    try folder.write("in/\(digestKey(4)).metadata.json", #"{"Metadata":{"signature":"\#(previous?.signature ?? "")"}}"#)
  }

  private func check(_ keys: String? = "keys.json") throws -> [HashVerdict] {
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    let files = try store.cases.sightings(of: "c").map {
      CaseFile(path: $0.path, digest: $0.digest, byteCount: $0.byteCount)
    }
    return try CaseHashCheck(store, files: files).run(
      case: "c", keys: keys.map { try CloudTrailKeys(path: "\(folder.path)/\($0)") } ?? CloudTrailKeys(), tool: "t")
  }

  private func count(_ verdicts: [HashVerdict], _ algorithm: String, _ verdict: HashVerdict.Verdict) -> Int {
    verdicts.count { $0.algorithm == algorithm && $0.verdict == verdict }
  }

  @Test func aWholeChainHolds() throws {
    try makeChain()
    let verdicts = try check()
    #expect(count(verdicts, "signature", .matched) == 4 && count(verdicts, "chain", .matched) == 3)
    #expect(count(verdicts, "sha256", .matched) == 4 && verdicts.count == 11)
  }

  @Test func aSignatureThatCameAsS3MetadataCounts() throws {
    try makeChain()
    let side = "\(folder.path)/in/\(digestKey(4)).metadata.json"
    let text = try String(contentsOfFile: side, encoding: .utf8)
    let signature = try #require(text.withView { JSONView($0).at("Metadata", "signature")?.string })
    try FileManager.default.removeItem(atPath: side)
    #expect(count(try check(), "signature", .unchecked) == 1)
    let digest = try #require(try store.cases.sightings(of: "c").first { $0.path == digestKey(4) }?.digest)
    try store.custody.append(
      [.init("ingest", digest: digest, [Attribute("etag", "x"), Attribute("meta.signature", signature)])], tool: "t")
    #expect(count(try check(), "signature", .matched) == 4)
  }

  @Test func aTamperedLogAMissingLogAndOneThatNobodyVouchesFor() throws {
    try makeChain()
    try writeGzip(logKey(2), log(9))
    try FileManager.default.removeItem(atPath: "\(folder.path)/in/\(logKey(3))")
    try writeGzip(logKey(3).replacing("l0003", with: "l0099"), log(3))
    let verdicts = try check()
    #expect(verdicts.first { $0.verdict == .mismatch }?.path == logKey(2))
    #expect(verdicts.first { $0.verdict == .missing }?.name == logKey(3))
    #expect(verdicts.contains { $0.verdict == .unlisted && ($0.path ?? "").contains("l0099") })
    #expect(count(verdicts, "signature", .matched) == 4)
  }

  @Test func anEditedDigestBreaksItsSignatureAndItsLink() throws {
    try makeChain()
    let path = "\(folder.path)/in/\(digestKey(2))"
    let text = try runProgram("/usr/bin/gzip", ["-dc", path]).output
    try writeGzip(digestKey(2), text.replacing("T01:00:00Z", with: "T00:30:00Z"))
    let verdicts = try check()
    #expect(verdicts.contains { $0.algorithm == "signature" && $0.verdict == .mismatch && $0.path == digestKey(2) })
    #expect(verdicts.contains { $0.algorithm == "chain" && $0.verdict == .mismatch && $0.path == digestKey(2) })
  }

  @Test func aMissingDigestAndAChainThatBeginsAnew() throws {
    try makeChain()
    try FileManager.default.removeItem(atPath: "\(folder.path)/in/\(digestKey(2))")
    #expect(count(try check(), "chain", .missing) == 1)
    let other = try CloudTrailCheckTests()
    try other.makeChain(startsAnew: 3)
    let verdicts = try other.check()
    let gap = try #require(verdicts.first { $0.algorithm == "chain" && $0.verdict == .mismatch })
    #expect(gap.path == digestKey(3) && (gap.note ?? "").contains("validation was turned off"))
  }

  @Test func withoutKeysOrWithOthersNothingIsClaimed() throws {
    try makeChain()
    #expect(count(try check(nil), "signature", .unchecked) == 4)
    _ = try OpenSSLTool.run(
      "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", folder.path + "/b.pem")
    _ = try OpenSSLTool.run("pkey", "-in", folder.path + "/b.pem", "-pubout", "-out", folder.path + "/b.pub.pem")
    #expect(count(try check("b.pub.pem"), "signature", .unchecked) == 4)
    // The same key without CloudTrail's name for it.
    _ = try OpenSSLTool.run("pkey", "-in", folder.path + "/rsa.pem", "-pubout", "-out", folder.path + "/a.pub.pem")
    #expect(count(try check("a.pub.pem"), "signature", .matched) == 4)
    #expect(throws: StoreError(.badSource, "")) { try CloudTrailKeys(path: folder.path + "/in") }
    #expect(throws: StoreError(.badSource, "")) { try CloudTrailKeys(path: folder.path + "/absent") }
  }

  @Test func theListOfKeysMayLieInTheCase() throws {
    try makeChain()
    try FileManager.default.copyItem(atPath: folder.path + "/keys.json", toPath: folder.path + "/in/public-keys.json")
    #expect(count(try check(nil), "signature", .matched) == 4)
  }

  @Test func noTextTrapsTheReader() {
    for text in ["", "{}", "[]", #"{"digestS3Bucket":1}"#, String(repeating: "{\"a\":", count: 3000)] {
      #expect(text.withView { CloudTrailDigest($0) } == nil)
    }
    let odd =
      #"{"digestS3Bucket":"b","digestS3Object":"","digestStartTime":"","digestEndTime":"","logFiles":[1,{},null]}"#
    #expect(odd.withView { CloudTrailDigest($0) }?.logFiles.isEmpty == true)
    var keys = CloudTrailKeys()
    for text in [
      "", "{}", #"{"PublicKeyList":[{"Value":"!!","Fingerprint":"x"}]}"#,
      "-----BEGIN RSA PUBLIC KEY-----\n-----END RSA PUBLIC KEY-----",
    ] {
      keys.add(Array(text.utf8))
    }
    #expect(keys.isEmpty)
  }
}
