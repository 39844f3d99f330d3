import Bytes
import Evidence

/// Checks CloudTrail's chain of digests offline: the signature of each, that each names the one before it, that no hour is missing, and
/// that the logs are those that were digested.
public struct CloudTrailCheck {
  /// A digest file of the case.
  public struct File {
    public var path: String
    public var digest: CloudTrailDigest
    /// SHA-256 of its bytes after gzip is undone.
    public var hash: String
    /// Hexadecimal, from the object's metadata or a file beside it; nil where neither was kept.
    public var signature: String?

    public init(path: String, digest: CloudTrailDigest, hash: String, signature: String?) {
      self.path = path
      self.digest = digest
      self.hash = hash
      self.signature = signature
    }
  }

  private let index: CaseFileIndex
  private let keys: CloudTrailKeys
  /// SHA-256 of a file's bytes, gzip undone.
  private let contentHash: (CaseFile) -> String?
  private var verdicts: [HashVerdict] = []
  private var covered: Set<String> = []

  public init(files: [CaseFile], keys: CloudTrailKeys, contentHash: @escaping (CaseFile) -> String?) {
    index = CaseFileIndex(files.sorted { $0.path < $1.path })
    self.keys = keys
    self.contentHash = contentHash
  }

  /// Verdicts by chain and time. `algorithm` is `signature` and `chain` for digests, `sha256` for logs.
  public mutating func run(_ files: [File]) -> [HashVerdict] {
    let chains = Dictionary(grouping: files) { $0.digest.chain }
    for (_, chain) in chains.sorted(by: { $0.key < $1.key }) {
      // Times in one form sort as text; the key settles what they do not.
      walk(chain.sorted { ($0.digest.end, $0.digest.key) < ($1.digest.end, $1.digest.key) })
    }
    if !files.isEmpty { addUncovered(files) }
    return verdicts
  }

  private mutating func walk(_ chain: [File]) {
    let byKey = Dictionary(chain.map { ($0.digest.key, $0) }, uniquingKeysWith: { first, _ in first })
    let followers = Dictionary(
      chain.compactMap { file in file.digest.previousKey.map { ($0, file) } }, uniquingKeysWith: { first, _ in first })
    for (place, file) in chain.enumerated() {
      checkPlace(file)
      checkSignature(file, followers[file.digest.key])
      checkLink(file, place == 0 ? nil : chain[place - 1], byKey)
      checkLogs(file)
    }
  }

  private mutating func add(
    _ file: File, _ name: String, _ verdict: HashVerdict.Verdict, _ algorithm: String, expected: String? = nil,
    found: String? = nil, path: String? = nil, note: String? = nil
  ) {
    verdicts.append(
      HashVerdict(
        list: file.path, name: name, verdict, algorithm: algorithm, expected: expected, found: found, path: path,
        note: note))
  }

  /// A digest says where in S3 it lies; a copy under another name is a digest in another's place.
  private mutating func checkPlace(_ file: File) {
    let said = CaseFileIndex.last(file.digest.key)
    var here = CaseFileIndex.last(file.path)
    if !said.hasSuffix(here), here.hasSuffix(".gz") { here = String(here.dropLast(3)) }
    guard said != here, said != here + ".gz" else { return }
    add(file, here, .mismatch, "chain", expected: said, found: here, path: file.path, note: "it calls itself \(said)")
  }

  private mutating func checkSignature(_ file: File, _ next: File?) {
    let name = CaseFileIndex.last(file.path)
    let own = file.signature?.lowercased()
    // The next digest repeats the signature of this one, under a signature of its own.
    let repeated = next?.digest.previousSignature?.lowercased()
    if let own, let repeated, own != repeated {
      add(
        file, name, .mismatch, "signature", expected: repeated, found: own, path: file.path,
        note: "the next digest repeats another one")
      return
    }
    guard let text = own ?? repeated else {
      let why = "its signature was not kept: it lies in the S3 object's metadata (x-amz-meta-signature)"
      return add(file, name, .unchecked, "signature", path: file.path, note: why)
    }
    guard file.digest.algorithm.isEmpty || file.digest.algorithm == "SHA256withRSA" else {
      return add(file, name, .unchecked, "signature", path: file.path, note: "algorithm \(file.digest.algorithm)")
    }
    guard let signature = Self.bytes(hexadecimal: text) else {
      return add(file, name, .mismatch, "signature", path: file.path, note: "it is not hexadecimal")
    }
    switch keys.verify(signature, of: file.digest.signedText(hash: file.hash), fingerprint: file.digest.fingerprint) {
    case true?: add(file, name, .matched, "signature", path: file.path)
    case false?: add(file, name, .mismatch, "signature", path: file.path)
    case nil:
      let why =
        keys.isEmpty
        ? "no public keys were given: see --cloudtrail-keys" : "no key given fits \(file.digest.fingerprint)"
      add(file, name, .unchecked, "signature", path: file.path, note: why)
    }
  }

  private mutating func checkLink(_ file: File, _ before: File?, _ byKey: [String: File]) {
    let name = CaseFileIndex.last(file.path)
    guard let key = file.digest.previousKey else {
      if let before {
        add(
          file, name, .mismatch, "chain", path: file.path,
          note: "a new chain begins at \(file.digest.start), though there is a digest up to \(before.digest.end): "
            + "validation was turned off and on, and nothing vouches for the logs between")
      }
      return
    }
    guard let previous = byKey[key] else {
      // The first that is here names one that was not collected: only its own past is open.
      let state: HashVerdict.Verdict = before == nil ? .unchecked : .missing
      let why =
        before == nil ? "the chain goes further back than the case" : "the digest before \(name) is not in the case"
      return add(file, CaseFileIndex.last(key), state, "chain", expected: file.digest.previousHash, note: why)
    }
    if let hash = file.digest.previousHash, hash != previous.hash {
      return add(
        file, CaseFileIndex.last(key), .mismatch, "chain", expected: hash, found: previous.hash, path: previous.path,
        note: "the digest after it gives another SHA-256")
    }
    guard previous.digest.end >= file.digest.start else {
      return add(
        file, name, .mismatch, "chain", path: file.path,
        note: "nothing vouches for the logs from \(previous.digest.end) to \(file.digest.start)")
    }
    add(file, CaseFileIndex.last(key), .matched, "chain", expected: file.digest.previousHash, path: previous.path)
  }

  private mutating func checkLogs(_ file: File) {
    for log in file.digest.logFiles {
      let found = find(log.key, besides: file.path)
      guard let found else {
        add(file, log.key, .missing, "sha256", expected: log.hash)
        continue
      }
      covered.insert(found.path)
      guard let hash = contentHash(found) else {
        add(file, log.key, .unchecked, "sha256", expected: log.hash, path: found.path, note: "it cannot be read")
        continue
      }
      add(
        file, log.key, hash == log.hash ? .matched : .mismatch, "sha256", expected: log.hash, found: hash,
        path: found.path)
    }
  }

  /// Names of logs end in sixteen random characters, so a name alone finds its file whatever folders it was put into.
  private func find(_ key: String, besides list: String) -> CaseFile? {
    if let found = index.candidates("/" + key, from: list).files.first { return found }
    return key.hasSuffix(".gz") ? index.candidates("/" + key.dropLast(3), from: list).files.first : nil
  }

  /// Logs of the trails that have digests here, named by none of them.
  private mutating func addUncovered(_ files: [File]) {
    let accounts = Set(files.map(\.digest.account))
    for file in index.files where file.path.contains("/CloudTrail/") && !covered.contains(file.path) {
      let name = CaseFileIndex.last(file.path)
      guard name.contains("_CloudTrail_"), accounts.contains(where: { !$0.isEmpty && name.hasPrefix($0) }) else {
        continue
      }
      // The same bytes under the name without its compression are told once.
      if covered.contains(file.path + ".gz") { continue }
      verdicts.append(
        HashVerdict(
          list: CaseFileIndex.folder(files[0].path), name: name, .unlisted, algorithm: "sha256", path: file.path,
          note: "no digest of the case names this log"))
    }
  }

  private static func bytes(hexadecimal text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0, digits.count <= 4096, !digits.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = hexDigit(digits[place]), let low = hexDigit(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
