import ArtifactStore
import Bytes
import Engine
import Evidence
import MemoryParse

/// The bytes at a place in evidence, with what stands around them.
struct ShownBytes {
  var bytes: [UInt8]
  /// Offset or address of the first.
  var start: UInt64
  /// The place itself, counted in `bytes`.
  var place: Range<Int>
  /// What `start` counts: `offset`, `physical address`, `virtual address`.
  var unit: String
  /// What a reader should know of how it was read.
  var notes: [String] = []

  static let maximum: UInt64 = 1 << 24

  /// - Parameters:
  ///   - length: bytes of the place; nil for the locator's own, or 256.
  ///   - context: bytes before and after it.
  static func read(_ artifact: Digest, _ locator: Locator, length: UInt64?, context: UInt64, in store: ArtifactStore)
    throws -> ShownBytes
  {
    var count = min(length ?? locator.length ?? (locator.physical == nil && locator.virtual == nil ? 256 : 64), maximum)
    if locator.virtual != nil || locator.physical != nil {
      return try memory(artifact, locator, count, context, store)
    }
    var locator = locator
    if locator.offset == nil, let line = locator.line {
      guard let found = try lineRange(line, artifact, locator, store) else {
        throw ExitStatus.Failure(.usage, "\(store.objects.path(of: artifact)) has no line \(line)")
      }
      locator.offset = found.offset
      count = min(length ?? found.length, maximum)
    }
    let offset = locator.offset ?? 0
    let before = min(context, offset)
    var wide = locator
    wide.offset = offset - before
    let (all, over) = count.addingReportingOverflow(before + context)
    let found = try EvidenceBytes.read(artifact, wide, length: over ? maximum : min(all, maximum), in: store)
    let start = min(Int(before), found.bytes.count)
    var shown = ShownBytes(
      bytes: found.bytes, start: offset - before, place: start..<min(start + Int(count), found.bytes.count),
      unit: "offset")
    if !locator.encodings.isEmpty { shown.notes.append("after \(locator.encodings.joined(separator: ", ")) is undone") }
    if shown.place.isEmpty, count > 0 { shown.notes.append("the artifact ends before this place") }
    return shown
  }

  /// Where line `number` lies, counted in the decoded artifact.
  private static func lineRange(_ number: Int, _ artifact: Digest, _ locator: Locator, _ store: ArtifactStore) throws
    -> (
      offset: UInt64, length: UInt64
    )?
  {
    let file = try FileStream(path: store.objects.path(of: artifact))
    let lines = LineReader(try EvidenceBytes.decoded(file, locator), limit: 1 << 20)
    while let line = try lines.next() {
      if line.number == number { return (line.offset, line.byteCount) }
    }
    return nil
  }

  private static func memory(
    _ artifact: Digest, _ locator: Locator, _ count: UInt64, _ context: UInt64, _ store: ArtifactStore
  ) throws -> ShownBytes {
    let (image, report) = try MemoryImages.reopen(try store.objects.open(artifact))
    var notes = report.damage.prefix(3).map { $0 }
    // A page of a process lies whole in physical memory; what goes on beyond it is elsewhere.
    let room = locator.physical.map { 4096 - $0 % 4096 } ?? 0
    if let virtual = locator.virtual, locator.physical == nil || count > room {
      let before = min(context, virtual % 4096)
      let read = MemoryAnalysis.read(
        image, pid: locator.pid ?? 0, virtual: virtual - before, count: Int(min(count + before + context, maximum)))
      if read.failure == nil, !read.bytes.isEmpty {
        if read.missing > 0 { notes.append("\(read.missing) bytes are not in the image and shown as zeros") }
        let start = min(Int(before), read.bytes.count)
        return ShownBytes(
          bytes: read.bytes, start: virtual - before, place: start..<min(start + Int(count), read.bytes.count),
          unit: "virtual address" + (locator.pid.map { " of pid \($0)" } ?? ""), notes: notes)
      }
      if let failure = read.failure { notes.append(failure) }
    }
    guard let physical = locator.physical else {
      throw ExitStatus.Failure(.notCovered, notes.last ?? "the address \(locator.text) cannot be read in this image")
    }
    let before = min(context, physical)
    var bytes = [UInt8](repeating: 0, count: Int(min(count + before + context, maximum)))
    let done = bytes.withUnsafeMutableBytes { image.read(physical: physical - before, into: $0) }
    bytes.removeLast(bytes.count - min(max(done, 0), bytes.count))
    let start = min(Int(before), bytes.count)
    return ShownBytes(
      bytes: bytes, start: physical - before, place: start..<min(start + Int(count), bytes.count),
      unit: "physical address", notes: notes)
  }

  /// Hex and text, the lines of the place itself marked with `>`, then the place as text. Nothing that a terminal obeys.
  var lines: [String] {
    var out = HexDump.lines(bytes, from: start).enumerated().map { number, line in
      let row = number * 16..<min(number * 16 + 16, bytes.count)
      return (place.overlaps(row) ? "> " : "  ") + line
    }
    let text = String(decoding: bytes[place].prefix(8192), as: UTF8.self)
    let readable = text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{FFFD}" }.count
    // A line of a log is read as text, not as digits; a structure of the kernel is not.
    if !place.isEmpty, readable * 10 >= text.unicodeScalars.count * 9 {
      out.append("")
      out += text.split(separator: "\n", maxSplits: 200, omittingEmptySubsequences: false).map {
        Terminal.printable(String($0))
      }
    }
    return out
  }
}
