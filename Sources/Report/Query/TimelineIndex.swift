import Bytes
import Evidence
import Foundation
import GRDB

/// Finds lines of a `timeline.jsonl` by time, entity, kind and text without reading all of it.
///
/// The index is a SQLite file beside the timeline: the place and time of every 256th line, and the words of all of them in
/// FTS5. It is made at the first question (about 20 MB of timeline a second) and again when the timeline's SHA-256 is
/// another; it holds no text, so what it answers is always read from the timeline itself. A tenth to a quarter of the
/// timeline's size.
public final class TimelineIndex {
  /// Raised when an older index would answer otherwise.
  private static let version = 1
  private static let stride = 256

  private let database: DatabaseQueue
  private let timeline: MappedFile
  /// Offset of each 256th line.
  private let offsets: [Int]
  private let count: Int
  private var released = 0

  /// - Parameters:
  ///   - path: of `timeline.jsonl`, sorted by time.
  ///   - index: where the index lies; nil for `.timeline-index.sqlite` beside it, or in the system's temporary folder when
  ///     nothing may be written there.
  ///   - onBuild: called with bytes done and all while an index is made.
  /// - Throws: `BytesError`, where the timeline cannot be read or no index be written.
  public init(of path: String, index: String? = nil, onBuild: (UInt64, UInt64) -> Void = { _, _ in }) throws {
    timeline = try MappedFile(path: path)
    let place = index ?? Self.place(beside: path)
    do {
      database = try Self.open(place, timeline, path: path, onBuild)
      (offsets, count) = try database.read { database in
        let offsets = try Int.fetchAll(database, sql: "SELECT offset FROM chunks ORDER BY first")
        let count =
          try Int.fetchOne(database, sql: "SELECT CAST(value AS INTEGER) FROM facts WHERE name = 'lines'") ?? 0
        return (offsets, min(max(count, 0), offsets.count * Self.stride))
      }
    } catch let error as DatabaseError {
      throw BytesError(.cannotRead, "the index \(place) cannot be used: \(error.message ?? "SQLite's error \(error)")")
    }
  }

  /// Hands out the lines that meet the query, in order, until the body returns false.
  ///
  /// - Returns: how many were handed out.
  @discardableResult
  public func forEach(_ query: TimelineQuery, _ body: (ByteView) throws -> Bool) throws -> Int {
    guard query.limit > 0 else { return 0 }
    released = 0
    return try database.read { database in
      let span = try lines(from: query.from, to: query.to, in: database)
      guard !span.isEmpty else { return 0 }
      var told = 0
      /// Whether to go on.
      func take(_ line: ByteView) throws -> Bool {
        guard isInside(line, query), query.accepts(line) else { return true }
        told += 1
        return try body(line) && told < query.limit
      }
      try timeline.withView { view in
        var reader = Reader(view: view, offsets: offsets)
        // Of several entities or kinds any one is enough; only one alone narrows the search.
        let sure =
          query.texts + (query.entities.count == 1 ? [Self.value(query.entities[0])] : [])
          + (query.kinds.count == 1 ? query.kinds : [])
        switch try WordSearch.plan(sure, in: database) {
        case .noLine: return
        case .match(let words):
          let found = try Int.fetchCursor(
            database, sql: "SELECT rowid FROM lines WHERE lines MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid",
            arguments: [words, span.lowerBound, span.upperBound - 1])
          while let number = try found.next() {
            if try !take(reader.line(number)) { return }
            release(behind: reader)
          }
        case .anyLine:
          for number in span {
            let line = reader.line(number)
            if try line.isEmpty || !take(line) { return }
            release(behind: reader)
          }
        }
      }
      return told
    }
  }

  /// Lines are asked for in order, so what lies before is not needed again.
  private func release(behind reader: Reader) {
    if reader.offset - released < MappedFile.passSize { return }
    released = reader.offset
    timeline.release(before: released)
  }

  private static func value(_ entity: String) -> String {
    guard let colon = entity.firstIndex(of: ":"), Entity.Kind(rawValue: String(entity[..<colon])) != nil else {
      return entity
    }
    return String(entity[entity.index(after: colon)...])
  }

  /// Numbers of lines in which the times can lie: whole chunks.
  private func lines(from: Timestamp?, to: Timestamp?, in database: Database) throws -> Range<Int> {
    let first =
      try from.flatMap {
        try Int.fetchOne(
          database, sql: "SELECT first FROM chunks WHERE time < ? ORDER BY time DESC, first DESC LIMIT 1",
          arguments: [$0.microseconds])
      } ?? 1
    let end =
      try to.flatMap {
        try Int.fetchOne(
          database, sql: "SELECT first FROM chunks WHERE time > ? ORDER BY time, first LIMIT 1",
          arguments: [$0.microseconds])
      } ?? count + 1
    return first..<max(first, min(end, count + 1))
  }

  private func isInside(_ line: ByteView, _ query: TimelineQuery) -> Bool {
    guard query.from != nil || query.to != nil else { return true }
    guard let time = JSONView(line)["timestamp"]?.integer else { return false }
    return time >= query.from?.microseconds ?? .min && time <= query.to?.microseconds ?? .max
  }

  /// Goes to lines by number; cheapest in order.
  private struct Reader {
    let view: ByteView
    let offsets: [Int]
    private var next = 1
    private(set) var offset = 0

    init(view: ByteView, offsets: [Int]) {
      self.view = view
      self.offsets = offsets
    }

    mutating func line(_ number: Int) -> ByteView {
      let chunk = (number - 1) / TimelineIndex.stride
      if number < next || chunk > (next - 1) / TimelineIndex.stride {
        guard offsets.indices.contains(chunk) else { return view.slice(0, 0) }
        next = chunk * TimelineIndex.stride + 1
        offset = offsets[chunk]
      }
      while next < number, let end = view.firstIndex(of: 0x0A, from: offset) {
        offset = end + 1
        next += 1
      }
      return view.slice(offset, view.firstIndex(of: 0x0A, from: offset) ?? view.count)
    }
  }
}

// MARK: - Making

extension TimelineIndex {
  private static func place(beside path: String) -> String {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if access(folder, W_OK) == 0 { return folder + "/.timeline-index.sqlite" }
    let name = Digest(of: Array(URL(fileURLWithPath: path).path.utf8)).hex.prefix(16)
    return FileManager.default.temporaryDirectory.path + "/ir-analyze-\(getuid())-timeline-\(name).sqlite"
  }

  private static func open(
    _ place: String, _ timeline: MappedFile, path: String, _ onBuild: (UInt64, UInt64) -> Void
  ) throws -> DatabaseQueue {
    let stamp = Self.stamp(path)
    if let known = try? connect(place, readOnly: true) {
      let facts = try? known.read { database in
        try Row.fetchAll(database, sql: "SELECT name, value FROM facts").reduce(into: [String: String]()) {
          $0[$1["name"]] = $1["value"]
        }
      }
      // The same file, unchanged, need not be hashed again.
      if facts?["version"] == String(version), facts?["stamp"] == stamp || facts?["sha256"] == digest(timeline) {
        return known
      }
      try known.close()
    }
    try build(place, timeline, stamp, onBuild)
    return try connect(place, readOnly: true)
  }

  private static func connect(_ place: String, readOnly: Bool) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(60)
    return try DatabaseQueue(path: place, configuration: configuration)
  }

  /// What a file system changes when a file is written.
  private static func stamp(_ path: String) -> String {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return "" }
    return "\(facts.st_ino) \(facts.st_size) \(facts.st_mtim.tv_sec).\(facts.st_mtim.tv_nsec)"
  }

  private static func digest(_ timeline: MappedFile) -> String {
    let hash = StreamingHash(.sha256)
    timeline.forEachPart { hash.update($0.unsafeBytes) }
    return hexadecimal(hash.finish())
  }

  /// Written under a name of its own and renamed, so that an index is whole or not there.
  private static func build(
    _ place: String, _ timeline: MappedFile, _ stamp: String, _ onBuild: (UInt64, UInt64) -> Void
  ) throws {
    let partial = place + ".\(getpid()).partial"
    for leftover in [partial, partial + "-journal"] { unlink(leftover) }
    do {
      let database = try connect(partial, readOnly: false)
      try database.writeWithoutTransaction { database in
        // A build that dies is thrown away, so nothing has to be recoverable.
        try database.execute(
          sql: """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;
            CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
            CREATE TABLE chunks (first INTEGER PRIMARY KEY, offset INTEGER NOT NULL, time INTEGER NOT NULL) STRICT;
            CREATE VIRTUAL TABLE lines USING fts5(text, content='', detail=none, tokenize='ascii');
            CREATE VIRTUAL TABLE words USING fts5vocab(lines, row);
            INSERT INTO lines(lines, rank) VALUES ('hashsize', 33554432);
            BEGIN;
            """)
        let count = try fill(database, timeline, onBuild)
        for (name, value) in [
          ("version", String(version)), ("stamp", stamp), ("sha256", digest(timeline)), ("lines", String(count)),
        ] { try database.execute(sql: "INSERT INTO facts VALUES (?, ?)", arguments: [name, value]) }
        try database.execute(sql: "COMMIT; CREATE INDEX chunks_by_time ON chunks(time);")
      }
      try database.close()
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, place) == 0 else {
      let reason = systemMessage()
      unlink(partial)
      throw BytesError(.cannotOpen, "cannot make the index \(place): \(reason)")
    }
  }

  private static func fill(_ database: Database, _ timeline: MappedFile, _ onBuild: (UInt64, UInt64) -> Void) throws
    -> Int
  {
    let line = try database.makeStatement(sql: "INSERT INTO lines(rowid, text) VALUES (?, ?)")
    let chunk = try database.makeStatement(sql: "INSERT INTO chunks VALUES (?, ?, ?)")
    return try timeline.withView { view in
      var number = 0
      var offset = 0
      while offset < view.count {
        let end = view.firstIndex(of: 0x0A, from: offset) ?? view.count
        let bytes = view.slice(offset, end)
        number += 1
        if number % stride == 1 {
          let time = JSONView(bytes)["timestamp"]?.integer ?? 0
          try chunk.execute(arguments: [number, offset, time])
          if number % (stride * 64) == 1 {
            onBuild(UInt64(offset), UInt64(view.count))
            timeline.release(before: offset)
          }
        }
        try line.execute(arguments: [number, words(of: bytes)])
        offset = end + 1
      }
      return number
    }
  }

  /// What of the line is searched, as one text; FTS5 ends a text at a zero byte.
  private static func words(of line: ByteView) -> String {
    var text: [UInt8] = []
    JSONView(line).forEachMember { key, value in
      if TimelineText.isPlace(key) { return true }
      TimelineText.forEachText(value) { part in
        for byte in part { text.append(byte == 0 ? 0x20 : byte) }
        text.append(0x0A)
      }
      return true
    }
    return String(decoding: text, as: UTF8.self)
  }
}
