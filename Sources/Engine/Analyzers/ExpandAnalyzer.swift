import ArtifactStore
import Bytes
import Evidence
import Foundation

/// Makes objects of what lies inside an artifact: the members of an archive, or a compressed memory image as a whole.
///
/// Result lines of its own: a `member` {`path`, `digest`, `bytes`, `kind`, `mode`, `uid`, `gid`, `modified_ns`, `target`} for each.
/// Members are streamed into the store under their digest; no path of an archive is ever opened or made.
struct ExpandAnalyzer: Analyzer {
  let name = "expand"

  /// What a hostile archive may cost. A real collection of a root file system stays well below.
  struct Limits {
    static let members = 2_000_000
    static let bytes: UInt64 = 512 << 30
    /// Bytes out for one byte in, once the first GiB is out. Logs reach 1:30, zeroed memory 1:1000.
    static let ratio: UInt64 = 4096
    static let freeBytes: UInt64 = 1 << 30
    /// An archive in an archive in …; enforced where units are planned.
    static let depth = 8
  }

  func version(options: [String: String]) -> String { "1" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    if unit.options["as"] == "stream" {
      try expandStream(unit, surroundings, file, result)
    } else {
      try expandArchive(unit, surroundings, file, result)
    }
  }

  private func expandStream(
    _ unit: Unit, _ surroundings: Surroundings, _ file: MappedFile, _ result: ResultFile
  ) throws {
    let stream = try surroundings.decoded(unit.artifact)
    let limited = LimitedStream(stream, packed: file.byteCount)
    let stored = try surroundings.store.objects.put(limited, durable: true, checksums: false)
    let name = (unit.options["path"] ?? "").split(separator: "/").last.map(String.init) ?? "content"
    let inner = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    member(result, path: inner, stored, kind: "file")
    let coverage = Coverage(.parsed, 0..<file.byteCount, reason: "expanded into \(stored.digest.hex)")
    result.coverage(coverage)
    if let damage = limited.damage {
      result.coverage(
        Coverage(
          .skipped, stored.byteCount..<stored.byteCount, encodings: stream.encodings,
          reason: "\(stream.encodings.joined(separator: ", ")) stream is damaged, what follows is lost: \(damage)"))
    }
  }

  private func expandArchive(
    _ unit: Unit, _ surroundings: Surroundings, _ file: MappedFile, _ result: ResultFile
  ) throws {
    let reader = try ArchiveReader(file)
    var total: UInt64 = 0
    var count = 0
    var refusal: String?
    while refusal == nil, let entry = reader.next() {
      count += 1
      if count > Limits.members {
        refusal = "holds more than \(Limits.members) members"
        break
      }
      switch entry.kind {
      case .file:
        if entry.isEncrypted {
          result.coverage(Coverage(.skipped, 0..<0, reason: "member \(entry.path) is encrypted"))
          continue
        }
        let limited = LimitedStream(reader, packed: file.byteCount, used: total)
        let stored = try surroundings.store.objects.put(limited, durable: true, checksums: false)
        total += stored.byteCount
        member(result, path: entry.path, stored, kind: "file", entry)
        if let damage = limited.damage {
          result.coverage(Coverage(.skipped, 0..<0, reason: "member \(entry.path) is cut: \(damage)"))
          if limited.isOverLimit { refusal = damage }
        }
      default: member(result, path: entry.path, nil, kind: entry.kind.rawValue, entry)
      }
    }
    result.coverage(Coverage(.parsed, 0..<file.byteCount, reason: "expanded into \(count) members"))
    if let reason = refusal ?? reader.damage {
      result.coverage(Coverage(.skipped, 0..<0, reason: "archive is not read to its end: \(reason)"))
    }
  }

  private func member(
    _ result: ResultFile, path: String, _ stored: ObjectStore.Stored?, kind: String,
    _ entry: ArchiveReader.Member? = nil
  ) {
    result.line("member") { out in
      out.field("path", path)
      out.field("kind", kind)
      out.field("digest", stored?.digest.hex)
      out.field("bytes", stored?.byteCount)
      guard let entry else { return }
      out.field("mode", Int64(entry.mode))
      out.field("uid", entry.uid)
      out.field("gid", entry.gid)
      out.field("modified_ns", entry.modified)
      out.field("target", entry.target)
    }
  }
}

/// Ends a stream that grows beyond what honest compression gives.
private final class LimitedStream: ByteStream {
  private let stream: any ByteStream
  private let allowed: UInt64
  private var total: UInt64
  private(set) var isOverLimit = false

  init(_ stream: any ByteStream, packed: UInt64, used: UInt64 = 0) {
    self.stream = stream
    let (scaled, over) = packed.multipliedReportingOverflow(by: ExpandAnalyzer.Limits.ratio)
    allowed = min(
      over ? .max : max(scaled, ExpandAnalyzer.Limits.freeBytes), ExpandAnalyzer.Limits.bytes)
    total = used
  }

  var damage: String? {
    isOverLimit ? "unpacks to more than \(allowed) bytes, which no honest archive of its size does" : stream.damage
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    if isOverLimit { return 0 }
    let count = try stream.read(into: buffer)
    total += UInt64(count)
    if total > allowed {
      isOverLimit = true
      return 0
    }
    return count
  }
}
