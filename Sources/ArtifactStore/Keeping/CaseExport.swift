import Bytes
import Evidence
import Foundation

/// A case as one archive that needs nothing else: every object as it is, results, custody, and the sums to check them by.
///
/// ```
/// manifest.json        what this is: case, tool, time, where custody ended
/// SHA256SUMS …         for `sha256sum -c`, `md5sum -c`, `sha1sum -c` in the unpacked folder
/// SHA256SUMS.sig       Ed25519 over SHA256SUMS, where a key was given; signer.pem checks it
/// case.json            artifacts, where each came from, what could not be taken in, collectors' hashes
/// custody.jsonl …      the log of the whole store, its head, the keys that signed it
/// objects/ab/cdef…     evidence, members of archives, results
/// results/ab/cd….json  which result is whose
/// ```
public struct CaseExport {
  static let format = "ir-analyze export 1"

  private let store: ArtifactStore
  private let name: String
  private let tool: String

  /// What was written.
  public struct Summary: Hashable, Sendable {
    public var objects = 0
    public var byteCount: UInt64 = 0
  }

  public init(_ store: ArtifactStore, case name: String, tool: String) {
    self.store = store
    self.name = name
    self.tool = tool
  }

  /// How much there is to do.
  public func plan() throws(StoreError) -> Summary {
    let digests = try StoreReferences(store, cases: [name]).contents
    return Summary(
      objects: digests.count, byteCount: digests.reduce(0) { $0 &+ (store.objects.byteCount(of: $1) ?? 0) })
  }

  /// Writes the archive. Every object is hashed on the way: a damaged one ends it.
  ///
  /// - Parameters:
  ///   - withResults: false leaves out what was computed, which another machine can do again.
  ///   - onProgress: told the bytes of objects since the last call.
  /// - Throws: `integrity`, naming what is damaged; nothing is left at the path then.
  public func write(
    to path: String, withResults: Bool = true, at time: Timestamp = .now, onProgress: (Int) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    let references = try StoreReferences(store, cases: [name])
    let results = withResults ? references.results : references.results.filter { $0.analyzer == "expand" }
    let left = withResults ? [] : Set(references.results.map(\.result)).subtracting(results.map(\.result))
    let digests = references.contents.subtracting(left).sorted()
    let sightings = try store.cases.sightings(of: name)
    let checksums = try store.checksums(of: sightings.map(\.digest).sorted())
    let head = try store.custody.examine().head
    // A store that cannot be written to is exported as it is: whoever holds it keeps its log.
    if store.obstacle == nil {
      try store.custody.append(
        [
          .init(
            "export", [Attribute("case", name), Attribute("to", path), Attribute("objects", Int64(digests.count))])
        ],
        tool: tool, at: time)
    }
    var files: [(name: String, bytes: [UInt8])] = [
      ("manifest.json", manifest(head, objects: digests.count, at: time)),
      ("case.json", try caseFile(sightings, checksums)),
    ]
    files += try custodyFiles()
    for line in results {
      guard let bytes = FileManager.default.contents(atPath: line.path) else { continue }
      files.append(("results/\(line.key.hex.prefix(2))/\(line.key.hex.dropFirst(2)).json", [UInt8](bytes)))
    }
    var sums = files.map { "\(Digest(of: $0.bytes).hex)  \($0.name)\n" }.joined()
    sums += digests.map { "\($0.hex)  \(Self.place(of: $0))\n" }.joined()
    let archive = try TarWriter(path)
    try archive.add(files[0].name, files[0].bytes)
    try archive.add("SHA256SUMS", Array(sums.utf8))
    if let signer = store.custody.signer {
      try archive.add("SHA256SUMS.sig", signer.sign(Array(sums.utf8)))
      try archive.add("signer.pem", Array(signer.publicKey.pem.utf8))
    }
    for (tag, hash) in [("MD5SUMS", \Checksums.md5), ("SHA1SUMS", \Checksums.sha1)] {
      let lines = checksums.sorted { $0.key < $1.key }.compactMap { digest, sums in
        sums[keyPath: hash].map { "\($0)  \(Self.place(of: digest))\n" }
      }
      try archive.add(tag, Array(lines.joined().utf8))
    }
    for file in files.dropFirst() { try archive.add(file.name, file.bytes) }
    var summary = Summary()
    for digest in digests {
      if isInterrupted() { throw StoreError(.interrupted, "interrupted: run the same command again") }
      let stream = HashingStream(try store.objects.stream(digest))
      guard let count = store.objects.byteCount(of: digest) else {
        throw StoreError(.integrity, "object \(digest.hex) is gone from the store: run `ir-analyze verify`")
      }
      try archive.add(Self.place(of: digest), stream, byteCount: count, onProgress: onProgress)
      guard stream.digest == digest else {
        throw StoreError(.integrity, "object \(digest.hex) is damaged: run `ir-analyze verify`")
      }
      summary.objects += 1
      summary.byteCount &+= count
    }
    try archive.finish()
    return summary
  }

  static func place(of digest: Digest) -> String { "objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))" }

  private func manifest(_ head: CustodyLog.Head, objects: Int, at time: Timestamp) -> [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.field("format", Self.format)
      out.field("case", name)
      out.field("tool", tool)
      out.field("time", time.description)
      out.field("objects", objects)
      out.field("custody_entries", head.count)
      out.field("custody_head", head.digest.hex)
    }
    out.newline()
    return out.bytes
  }

  private func caseFile(
    _ sightings: [CaseDatabase.Sighting], _ checksums: [Digest: Checksums]
  ) throws(StoreError) -> [UInt8] {
    let gaps = try store.cases.gaps(of: name)
    let verdicts = try store.cases.verdicts(of: name)
    var out = JSONWriter()
    out.object { out in
      out.field("case", name)
      out.field(
        "artifacts",
        array: { out in
          for one in sightings {
            out.object { out in
              out.field("path", one.path)
              out.field("sha256", one.digest.hex)
              out.field("sha1", checksums[one.digest]?.sha1)
              out.field("md5", checksums[one.digest]?.md5)
              out.field("bytes", one.byteCount)
              out.field("type", one.type)
              out.field("source", one.source)
              out.field("modified_ns", one.modified)
              out.field("mode", one.mode.map { Int64($0) })
              out.field("uid", one.owner)
              out.field("note", one.note)
            }
          }
        })
      out.field(
        "gaps",
        array: { out in
          for gap in gaps {
            out.object { out in
              out.field("path", gap.path)
              out.field("reason", gap.reason)
            }
          }
        })
      out.field("collectors_hashes", array: { out in for verdict in verdicts { verdict.write(to: &out) } })
    }
    out.newline()
    return out.bytes
  }

  private func custodyFiles() throws(StoreError) -> [(name: String, bytes: [UInt8])] {
    var files: [(String, [UInt8])] = []
    let log = store.custody
    let keys = (try? FileManager.default.contentsOfDirectory(atPath: log.keysDirectory)) ?? []
    let places = [(log.path, "custody.jsonl"), (log.headPath, "custody.head")]
    for (path, name) in places + keys.sorted().map({ ("\(log.keysDirectory)/\($0)", "keys/\($0)") }) {
      guard let bytes = FileManager.default.contents(atPath: path) else {
        throw StoreError(.integrity, "\(path) is gone or cannot be read: run `ir-analyze verify`")
      }
      files.append((name, [UInt8](bytes)))
    }
    return files
  }
}

extension HashVerdict {
  public func write(to out: inout JSONWriter) {
    out.object { out in
      out.field("list", list)
      out.field("name", name)
      out.field("verdict", verdict.rawValue)
      out.field("algorithm", algorithm)
      out.field("expected", expected)
      out.field("found", found)
      out.field("path", path)
      out.field("note", note)
    }
  }
}

/// Hands bytes on and hashes them.
final class HashingStream: ByteStream {
  private let stream: any ByteStream
  private let hash = StreamingHash(.sha256)

  init(_ stream: any ByteStream) { self.stream = stream }

  var damage: String? { stream.damage }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let count = try stream.read(into: buffer)
    hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }

  /// Of what was read; ask once.
  var digest: Digest? { Digest(bytes: hash.finish()) }
}
