import ArtifactStore
import Bytes
import Evidence
import Foundation

/// Makes objects of what lies inside an artifact: the members of an archive, or a compressed memory image as a whole.
///
/// Result lines of its own: a `member` {`path`, `stored_as`, `digest`, `bytes`, `kind`, `mode`, `uid`, `gid`, `modified_ns`,
/// `target`} for each. Members are streamed into the store under their digest; no path of an archive is ever opened or made.
struct ExpandAnalyzer: Analyzer {
  static let name = "expand"
  var name: String { Self.name }
  var limits = ExpandLimits()

  func version(options: [String: String]) -> String { "3" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    if unit.options["as"] == "stream" {
      try expandStream(unit, surroundings, file, result)
    } else {
      try expandArchive(surroundings, file, result)
    }
  }

  private func expandStream(
    _ unit: Unit, _ surroundings: Surroundings, _ file: MappedFile, _ result: ResultFile
  ) throws {
    let stream = try surroundings.decoded(unit.artifact)
    let limited = LimitedStream(stream, limits, packed: file.byteCount)
    let stored = try surroundings.put(limited)
    let name = (unit.options["path"] ?? "").split(separator: "/").last.map(String.init) ?? "content"
    let inner = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    result.line("member") { out in
      out.field("path", inner)
      out.field("kind", "file")
      out.field("digest", stored.digest.hex)
      out.field("bytes", stored.byteCount)
    }
    let coverage = Coverage(.parsed, 0..<file.byteCount, reason: "expanded into \(stored.digest.hex)")
    result.coverage(coverage)
    if let damage = limited.damage {
      result.coverage(
        Coverage(
          .skipped, stored.byteCount..<stored.byteCount, encodings: stream.encodings,
          reason: "\(stream.encodings.joined(separator: ", ")) stream is damaged, what follows is lost: \(damage)"))
    }
  }

  private func expandArchive(_ surroundings: Surroundings, _ file: MappedFile, _ result: ResultFile) throws {
    let reader = try ArchiveReader(file)
    var total: UInt64 = 0
    var count = 0
    var refusal: String?
    var encrypted = SkippedMembers("is encrypted: open it with its password and take the content in")
    var cut = 0
    while refusal == nil, let entry = reader.next() {
      count += 1
      if count > limits.members {
        refusal = "it holds more than \(limits.members) members, which no collection does"
        break
      }
      guard entry.kind == .file else {
        member(result, nil, kind: entry.kind.rawValue, entry)
        continue
      }
      if entry.isEncrypted {
        encrypted.add(entry.path)
        continue
      }
      let limited = LimitedStream(reader, limits, packed: file.byteCount, used: total)
      let stored = try surroundings.put(limited)
      total = total.addingReportingOverflow(stored.byteCount).partialValue
      member(result, stored, kind: "file", entry)
      guard let damage = limited.damage else { continue }
      if limited.isOverLimit { refusal = damage }
      cut += 1
      if cut <= SkippedMembers.named {
        result.coverage(
          Coverage(.skipped, 0..<0, reason: "member \(entry.path) is read to byte \(stored.byteCount) only: \(damage)"))
      }
    }
    let whole = 0..<file.byteCount
    if count == 0, let ending = reader.ending {
      result.coverage(Coverage(.skipped, whole, reason: "the archive cannot be read: \(ending)"))
      return
    }
    result.coverage(Coverage(.parsed, whole, reason: "expanded into \(count) members"))
    encrypted.report(into: result)
    if cut > SkippedMembers.named {
      result.coverage(Coverage(.skipped, 0..<0, reason: "\(cut - SkippedMembers.named) more members are damaged"))
    }
    if let (blocks, reason) = reader.lost {
      result.coverage(
        Coverage(
          .skipped, 0..<0, reason: "\(blocks) blocks between members are no header, what they held is lost: \(reason)"))
    }
    if let reason = refusal ?? reader.ending {
      result.coverage(Coverage(.skipped, 0..<0, reason: "the archive is not read to its end: \(reason)"))
    }
  }

  private func member(
    _ result: ResultFile, _ stored: ObjectStore.Stored?, kind: String, _ entry: ArchiveReader.Member
  ) {
    let path = MemberPath.original(entry.path)
    result.line("member") { out in
      out.field("path", path)
      if path != entry.path { out.field("stored_as", entry.path) }
      out.field("kind", kind)
      out.field("digest", stored?.digest.hex)
      out.field("bytes", stored?.byteCount)
      out.field("mode", Int64(entry.mode))
      out.field("uid", entry.uid)
      out.field("gid", entry.gid)
      out.field("modified_ns", entry.modified)
      out.field("target", entry.target)
    }
  }
}

/// Members that are passed over for one reason: the first by name, the rest by number.
private struct SkippedMembers {
  static let named = 100

  private let reason: String
  private var paths: [String] = []
  private var count = 0

  init(_ reason: String) { self.reason = reason }

  mutating func add(_ path: String) {
    count += 1
    if paths.count < Self.named { paths.append(path) }
  }

  func report(into result: ResultFile) {
    for path in paths { result.coverage(Coverage(.skipped, 0..<0, reason: "member \(path) \(reason)")) }
    if count > paths.count {
      result.coverage(Coverage(.skipped, 0..<0, reason: "\(count - paths.count) more members: each \(reason)"))
    }
  }
}

extension Surroundings {
  /// Makes an object of a stream, and notes that its bytes are known. It is not synced to the disk: what a power failure takes
  /// comes out of the archive again.
  fileprivate func put(_ stream: any ByteStream) throws(StoreError) -> ObjectStore.Stored {
    let stored = try store.objects.put(stream, durable: false, checksums: false)
    if stored.isNew { store.verified.note([stored.digest]) }
    return stored
  }
}
