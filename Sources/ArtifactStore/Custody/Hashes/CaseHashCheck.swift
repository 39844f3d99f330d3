import Bytes
import Evidence
import Foundation

/// Re-checks every hash that collectors left in a case, against the objects of the store, and records what came of it: each verdict in
/// the case database, a line of custody for each list.
public struct CaseHashCheck {
  private let store: ArtifactStore
  private let files: [CaseFile]

  /// - Parameter files: every file of the case, members of archives too where they are known.
  public init(_ store: ArtifactStore, files: [CaseFile]) {
    self.store = store
    self.files = files
  }

  /// - Parameters:
  ///   - keys: of CloudTrail, given by the user; those that lie in the case as `list-public-keys` gave them are added.
  ///   - tool: for custody.
  /// - Returns: the verdicts, in an order that depends on the case alone.
  public func run(case name: String, keys: CloudTrailKeys = CloudTrailKeys(), tool: String) throws(StoreError)
    -> [HashVerdict]
  {
    let lists = readLists()
    let trails = try readDigests()
    let before = try store.cases.verdicts(of: name)
    guard !lists.isEmpty || !trails.isEmpty || !before.isEmpty else { return [] }
    let hashes = KnownHashes(store, try store.cases.checksums())
    var check = HashCheck(
      files: files,
      sources: .init(hash: hashes.hash(of:_:), decodedHash: hashes.decodedHash(of:_:)))
    var verdicts = check.run(lists.map { ($0.file.path, $0.list) })
    if !trails.isEmpty {
      var trailCheck = CloudTrailCheck(files: files, keys: withKeysOfCase(keys)) { file in
        hashes.decodedHash(of: file.digest, .sha256) ?? hashes.hash(of: file.digest, .sha256)
      }
      verdicts += trailCheck.run(trails)
    }
    try hashes.keep()
    if before != verdicts {
      try store.custody.append(entries(verdicts, case: name), tool: tool)
      try store.cases.record(case: name, verdicts)
    }
    return verdicts
  }

  private func readLists() -> [(file: CaseFile, list: HashList)] {
    let roots = files.filter { $0.path == "etc/passwd" || $0.path.hasSuffix("/etc/passwd") }
      .map { String($0.path.dropLast("etc/passwd".count)) }
    return files.sorted { $0.path < $1.path }.compactMap { file in
      guard HashList.isNamedLikeOne(file.path), file.byteCount <= UInt64(HashList.maximumBytes),
        !HashList.isOfHost(file.path, roots: Array(roots.prefix(64))),
        let object = try? store.objects.open(file.digest),
        let list = object.withView({ HashList($0, path: file.path) })
      else { return nil }
      return (file, list)
    }
  }

  /// An hour's digest is some KiB; of a large organisation some MiB.
  private static let maximumDigest = 256 << 20

  private func readDigests() throws(StoreError) -> [CloudTrailCheck.File] {
    let named = files.filter { CloudTrailDigest.isNamedLikeOne($0.path) }
    guard !named.isEmpty else { return [] }
    let signatures = metadataSignatures(Set(named.map(\.digest)))
    let index = CaseFileIndex(files)
    var seen: Set<String> = []
    return named.sorted { $0.path < $1.path }.compactMap { file in
      guard let text = read(file.digest, limit: Self.maximumDigest) else { return nil }
      guard let digest = text.withView({ CloudTrailDigest($0) }), seen.insert("\(digest.bucket)/\(digest.key)").inserted
      else { return nil }
      let beside = [".sig", ".signature", ".metadata.json"].compactMap { index[file.path + $0] }
      let signature =
        beside.lazy.compactMap { side in read(side.digest, limit: 1 << 20).flatMap(Self.signature(in:)) }.first
        ?? signatures[file.digest]
      return CloudTrailCheck.File(path: file.path, digest: digest, hash: Digest(of: text).hex, signature: signature)
    }
  }

  /// A side-car's signature: the hexadecimal text alone, or as `aws s3api head-object` gives it (`Metadata.signature`).
  private static func signature(in bytes: [UInt8]) -> String? {
    bytes.withView { view in
      let json = JSONView(view)
      if let text = json.at("Metadata", "signature")?.string ?? json["signature"]?.string
        ?? json["x-amz-meta-signature"]?.string
      {
        return text
      }
      let text = view.trimmed
      for index in 0..<text.count where hexDigit(text[index]) == nil { return nil }
      return text.isEmpty ? nil : text.string
    }
  }

  /// User metadata that came with objects of S3 is in the custody log.
  private func metadataSignatures(_ digests: Set<Digest>) -> [Digest: String] {
    var all: [Digest: String] = [:]
    do throws(BytesError) {
      let reader = LineReader(try FileStream(path: store.custody.path), limit: CustodyLog.lineLimit)
      while let line = try reader.next() {
        guard line.bytes.contains(#""meta.signature":"#) else { continue }
        let json = JSONView(line.bytes)
        guard let digest = json["digest"]?.string.flatMap(Digest.init(hex:)), digests.contains(digest) else { continue }
        all[digest] = json["meta.signature"]?.string
      }
    } catch {
      // No log yet: nothing came from S3.
    }
    return all
  }

  private func withKeysOfCase(_ keys: CloudTrailKeys) -> CloudTrailKeys {
    var keys = keys
    for file in files where file.byteCount < 16 << 20 {
      let name = CaseFileIndex.last(file.path).lowercased()
      guard name.contains("public-key") || name.contains("public_key") || name.contains("publickey") else { continue }
      if let bytes = read(file.digest, limit: 16 << 20) { keys.add(bytes) }
    }
    return keys
  }

  /// An object's bytes with compression undone; nil where they cannot be read or are more.
  private func read(_ digest: Digest, limit: Int) -> [UInt8]? {
    guard let stream = try? DecodedStream(store.objects.stream(digest)) else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard let count = try? buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }) else { return nil }
      if count == 0 { return stream.damage == nil ? bytes : nil }
      bytes += buffer.prefix(count)
      if bytes.count > limit { return nil }
    }
  }

  /// What custody keeps of a list: how many of each verdict, and the first that are wrong.
  private func entries(_ verdicts: [HashVerdict], case name: String) -> [CustodyLog.Entry] {
    let digests = Dictionary(files.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first })
    return Dictionary(grouping: verdicts, by: \.list).sorted { $0.key < $1.key }.map { list, verdicts in
      var facts = [Attribute("case", name), Attribute("path", list)]
      for verdict in HashVerdict.Verdict.allCases {
        let count = verdicts.count { $0.verdict == verdict }
        if count > 0 { facts.append(Attribute(verdict.rawValue, Int64(count))) }
      }
      facts.add("mismatches", verdicts.filter { $0.verdict == .mismatch }.prefix(20).map(\.sentence))
      facts.add("not_in_case", verdicts.filter { $0.verdict == .missing }.prefix(20).map(\.name))
      return CustodyLog.Entry("check", digest: digests[list], facts)
    }
  }
}

/// Hashes of objects, from the case database or made now.
private final class KnownHashes {
  private let store: ArtifactStore
  private var known: [Digest: Checksums]
  private var made: [Digest: Checksums] = [:]
  private var decoded: [Digest: [HashList.Algorithm: String]] = [:]

  init(_ store: ArtifactStore, _ known: [Digest: Checksums]) {
    self.store = store
    self.known = known
  }

  func hash(of digest: Digest, _ algorithm: HashList.Algorithm) -> String? {
    if algorithm == .sha256 { return digest.hex }
    if known[digest] == nil, let checksums = try? store.objects.verify(digest, checksums: true) {
      known[digest] = checksums
      made[digest] = checksums
    }
    return algorithm == .md5 ? known[digest]?.md5 : known[digest]?.sha1
  }

  func decodedHash(of digest: Digest, _ algorithm: HashList.Algorithm) -> String? {
    if let hashes = decoded[digest] { return hashes[algorithm] }
    decoded[digest] = makeDecoded(digest)
    return decoded[digest]?[algorithm]
  }

  /// Bytes out for one byte in, once the first GiB is out, as for archives: a bomb is not decompressed for its hash.
  private static let maximumRatio: UInt64 = 4096

  private func makeDecoded(_ digest: Digest) -> [HashList.Algorithm: String] {
    guard let stream = try? DecodedStream(store.objects.stream(digest)), !stream.encodings.isEmpty else { return [:] }
    let sha256 = StreamingHash(.sha256)
    let side = SideHashes()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    let packed = store.objects.byteCount(of: digest) ?? 0
    let limit = max(1 << 30, packed.multipliedReportingOverflow(by: Self.maximumRatio).partialValue)
    var seen: UInt64 = 0
    while true {
      guard let count = try? stream.read(into: buffer) else { return [:] }
      if count == 0 { break }
      seen &+= UInt64(count)
      if seen > limit { return [:] }
      let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      sha256.update(part)
      side.update(part)
    }
    guard stream.damage == nil else { return [:] }
    let checksums = side.finish()
    var all: [HashList.Algorithm: String] = [.sha256: hexadecimal(sha256.finish())]
    all[.md5] = checksums.md5
    all[.sha1] = checksums.sha1
    return all
  }

  /// Keeps what was made, so that the next check does not read it again.
  func keep() throws(StoreError) { try store.cases.record(made) }
}
