import Bytes
import Evidence

/// `/var/log/lastlog`: one record of 292 bytes for each uid, at the place that its number gives; 296 bytes where time is
/// 64 bits wide (AArch64). Accounts that never logged in are zero, and the file is sparse.
struct LastlogRecords: LogFormat {
  let name = "linux.lastlog"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.name.hasSuffix("lastlog") else { return nil }
    guard sample.head.count >= 292 else { return nil }
    // A file of zeros is a host where none of the first accounts ever logged in.
    return Self.size(in: sample.head, isWhole: sample.isWhole) != nil || Self.isEmpty(sample.head) ? .high : nil
  }

  /// 292 or 296: the one under which all records are sensible, then more of them with nothing left over behind their texts
  /// (uid 0 alone may pass for either), then the one that divides the file.
  private static func size(in head: ByteView, isWhole: Bool) -> Int? {
    var best: (size: Int, score: Int)?
    for size in [292, 296] {
      var sane = 0
      var broken = 0
      var clean = 0
      for index in 0..<head.count / size {
        let bytes = head.slice(index * size, (index + 1) * size)
        guard !isEmpty(bytes) else { continue }
        guard let record = read(bytes, size) else {
          broken += 1
          continue
        }
        sane += 1
        if record.isClean { clean += 1 }
      }
      guard sane > broken else { continue }
      let score = (broken == 0 ? 1 << 20 : 0) + clean << 1 + (isWhole && head.count % size == 0 ? 1 : 0)
      if best.map({ score > $0.score }) ?? true { best = (size, score) }
    }
    return best?.size
  }

  /// Eight bytes at a time: the file may hold gigabytes of zeros.
  private static func isEmpty(_ bytes: ByteView) -> Bool {
    var place = 0
    while let eight = bytes.u64(place) {
      if eight != 0 { return false }
      place += 8
    }
    return !(place..<bytes.count).contains { bytes[$0] != 0 }
  }

  private static func read(_ bytes: ByteView, _ size: Int) -> (
    time: Timestamp, line: String, host: String, isClean: Bool
  )? {
    let wide = size == 296
    let seconds = wide ? Int64(bitPattern: bytes.u64(0) ?? 0) : Int64(bytes.u32(0) ?? 0)
    let start = wide ? 8 : 4
    guard seconds > 0, seconds < 4_102_444_800, let time = Timestamp(seconds: seconds) else { return nil }
    func text(_ view: ByteView) -> (text: ByteView, isClean: Bool)? {
      let text = view.slice(0, view.firstIndex(of: 0) ?? view.count)
      for index in 0..<text.count where text[index] < 0x20 { return nil }
      return (text, isEmpty(view.slice(text.count)))
    }
    guard let line = text(bytes.slice(start, start + 32)), let host = text(bytes.slice(start + 32, start + 288)) else {
      return nil
    }
    return (time, line.text.string, host.text.string, !line.text.isEmpty && line.isClean && host.isClean)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    // Accounts that never logged in come first. A run that both sizes divide is passed over until something is there to
    // tell the size by.
    let stride = 292 * 74
    while true {
      let bytes = try feed.peek(stride)
      guard bytes.count == stride, Self.isEmpty(bytes) else { break }
      feed.take(stride)
      ledger.parsed(upTo: feed.offset)
    }
    let head = try feed.peek(stride * 8)
    let size = Self.size(in: head, isWhole: head.count < stride * 8) ?? 292
    while true {
      let bytes = try feed.peek(size)
      if bytes.isEmpty { break }
      let place = feed.offset
      let uid = Int64(clamping: place / UInt64(size))
      let isEmpty = Self.isEmpty(bytes)
      let record = bytes.count == size ? Self.read(bytes, size) : nil
      feed.take(bytes.count)
      if isEmpty {
        ledger.parsed(upTo: feed.offset)
      } else if let record {
        ledger.parsed(upTo: feed.offset)
        var attributes: [Attribute] = [Attribute("uid", uid)]
        attributes.add("tty", record.line)
        let host = record.host.withView { LoginSession.host($0) }
        attributes.add("remote_address", host?.address)
        attributes.add("remote_host", host?.host)
        let from = host.map { " from \($0.address ?? $0.host ?? "?")" } ?? ""
        sink.event(
          Event(
            time: record.time, .login, dataType: "linux:login:session",
            message: "The account with uid \(uid) last logged in on \(record.line)\(from).",
            entities: host.flatMap { $0.isSpecific ? [Entity(.address, $0.address ?? "")] : nil } ?? [],
            attributes: attributes, locator: Locator(offset: place, length: UInt64(size), encodings: encodings)))
      } else {
        ledger.skipped(
          upTo: feed.offset, bytes.count < size ? "record is cut short" : "bytes are not a record of lastlog")
      }
    }
    ledger.finish(damage: stream.damage, note: feed.offset == 0 && stream.damage == nil ? "empty file" : nil)
  }
}
