import Bytes
import Evidence
import Foundation

/// Takes an exported case into a store: objects under their digests, results that fit, where everything came from. What does not have
/// the digest that its name says ends it.
public struct CaseImport {
  private let store: ArtifactStore
  private let tool: String

  /// Custody logs and lists of a case; objects are streamed.
  private static let maximumText = 1 << 30

  public init(into store: ArtifactStore, tool: String) {
    self.store = store
    self.tool = tool
  }

  /// The case in an archive that `CaseExport` wrote; nil for any other file.
  public static func caseName(of path: String) -> String? {
    guard let file = try? MappedFile(path: path), let reader = try? ArchiveReader(file),
      reader.next()?.path == "manifest.json", let text = try? read(reader, limit: 1 << 20)
    else { return nil }
    return text.withView { view in
      let json = JSONView(view)
      return json["format"]?.string == CaseExport.format ? json["case"]?.string : nil
    }
  }

  /// Whether each of these archives was taken into the case before; custody says so.
  public static func hasTaken(_ paths: Set<String>, case name: String, in store: ArtifactStore) -> Bool {
    var rest = paths
    do throws(BytesError) {
      let reader = LineReader(try FileStream(path: store.custody.path), limit: CustodyLog.lineLimit)
      while !rest.isEmpty, let line = try reader.next() {
        guard line.bytes.contains(#""action":"import""#) else { continue }
        let json = JSONView(line.bytes)
        guard json["action"]?.string == "import", json["case"]?.string == name else { continue }
        if let source = json["source"]?.string { rest.remove(source) }
      }
    } catch {
      return false
    }
    return rest.isEmpty
  }

  /// - Parameters:
  ///   - path: of the archive.
  ///   - name: of the case here.
  /// - Throws: `integrity`, naming the member that is damaged.
  public func run(
    _ path: String, case name: String, onProgress: (Int) -> Void = { _ in }, isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> Ingest.Summary {
    let file: MappedFile
    let reader: ArchiveReader
    do throws(BytesError) {
      file = try MappedFile(path: path)
      reader = try ArchiveReader(file)
    } catch {
      throw StoreError(.badSource, error.reason)
    }
    var summary = Ingest.Summary()
    var texts: [String: [UInt8]] = [:]
    var results: [(key: Digest, text: [UInt8])] = []
    var sums: [String: String] = [:]
    var seen: Set<String> = []
    while let member = reader.next() {
      if isInterrupted() {
        summary.isInterrupted = true
        return summary
      }
      guard member.kind == .file, seen.insert(member.path).inserted else { continue }
      let parts = member.path.split(separator: "/", omittingEmptySubsequences: false)
      if parts.count == 3, parts[0] == "objects", let digest = Digest(hex: String(parts[1] + parts[2])) {
        try take(digest, reader, member.path, &summary, onProgress)
        continue
      }
      let text = try Self.read(reader, limit: Self.maximumText)
      if member.path == "SHA256SUMS" {
        for entry in text.withView({ HashList($0, path: "SHA256SUMS") })?.entries ?? [] {
          sums[entry.name] = entry.hash
        }
      } else if !["manifest.json", "MD5SUMS", "SHA1SUMS", "SHA256SUMS.sig", "signer.pem"].contains(member.path) {
        guard sums[member.path] == Digest(of: text).hex else {
          throw StoreError(.integrity, "\(path): \(member.path) does not have the SHA-256 that its SHA256SUMS gives")
        }
        if parts.count == 3, parts[0] == "results", parts[2].hasSuffix(".json"),
          let key = Digest(hex: String(parts[1] + parts[2].dropLast(5)))
        {
          results.append((key, text))
        } else {
          texts[member.path] = text
        }
      }
    }
    if let damage = reader.damage { throw StoreError(.integrity, "\(path) is damaged: \(damage)") }
    for name in sums.keys.sorted() where !seen.contains(name) {
      throw StoreError(.integrity, "\(path): \(name), which its SHA256SUMS names, is not in it")
    }
    for (key, text) in results { _ = try store.results.adopt(text, key: key) }
    try record(texts, from: path, case: name, &summary)
    return summary
  }

  private func take(
    _ digest: Digest, _ reader: ArchiveReader, _ path: String, _ summary: inout Ingest.Summary,
    _ onProgress: (Int) -> Void
  ) throws(StoreError) {
    let writer = try store.objects.newObject(durable: true)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      var filled = 0
      do throws(BytesError) {
        while filled < buffer.count {
          let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
          if count == 0 { break }
          filled += count
        }
      } catch {
        throw StoreError(.cannotRead, error.reason)
      }
      if filled == 0 { break }
      try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      onProgress(filled)
    }
    // Nothing is kept under a digest that nobody named.
    let stored = try writer.finish(expecting: digest, from: path)
    summary.files += 1
    summary.byteCount &+= stored.byteCount
    if stored.isNew { summary.stored += 1 }
  }

  /// Files sightings and custody. The other store's custody log is checked for itself and kept under `imported`.
  private func record(
    _ texts: [String: [UInt8]], from path: String, case name: String, _ summary: inout Ingest.Summary
  ) throws(StoreError) {
    guard let text = texts["case.json"], let log = texts["custody.jsonl"] else {
      throw StoreError(.integrity, "\(path) is no whole export: case.json or custody.jsonl is not in it")
    }
    let custody = try checkCustody(texts, path)
    let place = URL(fileURLWithPath: path).standardizedFileURL.path
    var sightings: [CaseDatabase.Sighting] = []
    var gaps: [CaseDatabase.Gap] = []
    var verdicts: [HashVerdict] = []
    var missing: String?
    text.withView { view in
      let json = JSONView(view)
      json["artifacts"]?.forEachElement { one in
        guard let path = one["path"]?.string, let digest = one["sha256"]?.string.flatMap(Digest.init(hex:)),
          let count = store.objects.byteCount(of: digest)
        else {
          missing = missing ?? one["path"]?.string ?? "an artifact"
          return true
        }
        sightings.append(
          .init(
            path: path, digest: digest, byteCount: count, type: one["type"]?.string ?? "",
            source: one["source"]?.string ?? place, modified: one["modified_ns"]?.integer,
            mode: one["mode"]?.integer.flatMap { UInt16(exactly: $0) }, owner: one["uid"]?.integer,
            note: one["note"]?.string))
        return true
      }
      json["gaps"]?.forEachElement { one in
        if let path = one["path"]?.string { gaps.append(.init(path: path, reason: one["reason"]?.string ?? "")) }
        return true
      }
      json["collectors_hashes"]?.forEachElement { one in
        if let verdict = HashVerdict(one) { verdicts.append(verdict) }
        return true
      }
    }
    if let missing { throw StoreError(.integrity, "\(path): the object of \(missing) is not in it") }
    let known = try store.cases.sightings(of: name)
    let foreign = Digest(of: log)
    let folder = store.directory + "/imported"
    try makeDirectory(folder)
    try writeAtomically(log, to: "\(folder)/\(foreign.hex).jsonl", durable: true)
    if !Set(known.map(\.digest)).isSuperset(of: sightings.map(\.digest)) {
      try store.custody.append(
        [
          .init(
            "import", digest: foreign,
            [
              Attribute("case", name), Attribute("source", place), Attribute("artifacts", Int64(sightings.count)),
              Attribute("custody_entries", Int64(custody.count)), Attribute("custody_head", custody.head.digest.hex),
              Attribute("custody_signed", Int64(custody.signed)),
            ])
        ], tool: tool)
    }
    try store.cases.record(case: name, sightings, gaps: gaps)
    if try store.cases.verdicts(of: name).isEmpty, !verdicts.isEmpty { try store.cases.record(case: name, verdicts) }
    summary.gaps = gaps
  }

  private func checkCustody(_ texts: [String: [UInt8]], _ path: String) throws(StoreError) -> CustodyCheck {
    let folder = "\(store.directory)/tmp/import-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      try FileManager.default.createDirectory(atPath: folder + "/keys", withIntermediateDirectories: true)
      for (name, bytes) in texts where name.hasPrefix("custody.") || Self.isKey(name) {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
    } catch {
      throw StoreError(.cannotWrite, "cannot write to the store at \(folder): \(error.localizedDescription)")
    }
    let check = try CustodyLog(directory: folder).examine()
    if let first = check.problems.first {
      throw StoreError(.integrity, "\(path): the custody log in it is broken: \(first)")
    }
    return check
  }

  /// `keys/HEX.pem` and nothing that could lead out of the folder.
  private static func isKey(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0] == "keys" && parts[1].hasSuffix(".pem")
      && Digest(hex: String(parts[1].dropLast(4))) != nil
  }

  private static func read(_ reader: ArchiveReader, limit: Int) throws(StoreError) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count: Int
      do throws(BytesError) { count = try reader.read(into: buffer) } catch {
        throw StoreError(.cannotRead, error.reason)
      }
      if count == 0 { return bytes }
      bytes.append(contentsOf: buffer[..<count])
      if bytes.count > limit { throw StoreError(.badSource, "a list in the archive is longer than \(limit) bytes") }
    }
  }
}

extension HashVerdict {
  init?(_ json: JSONView) {
    guard let list = json["list"]?.string, let name = json["name"]?.string,
      let verdict = json["verdict"]?.string.flatMap(Verdict.init(rawValue:))
    else { return nil }
    self.init(
      list: list, name: name, verdict, algorithm: json["algorithm"]?.string ?? "", expected: json["expected"]?.string,
      found: json["found"]?.string, path: json["path"]?.string, note: json["note"]?.string)
  }
}
