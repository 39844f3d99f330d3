import Bytes
import Evidence
import Foundation
import GRDB

/// What belongs together: cases, their artifacts, where each came from, and what could not be taken in. SQLite.
///
/// The objects are the evidence and the custody log is the proof; this is the index that a run starts from.
public final class CaseDatabase: Sendable {
  private let pool: any DatabaseWriter
  let notes: ChecksumNotes

  init(directory: String, notes: ChecksumNotes = ChecksumNotes()) throws(StoreError) {
    self.notes = notes
    // Two processes that open a fresh store at once must not both make its tables.
    let lock = try FileLock(directory + "/case.sqlite.lock", .exclusive)
    defer { lock.release() }
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(60)
      pool = try DatabasePool(path: directory + "/case.sqlite", configuration: configuration)
      try Self.migrator.migrate(pool)
    } catch {
      throw Self.wrap(error, "cannot open the case database in \(directory)")
    }
  }

  /// Opens the database of a store that cannot be written to.
  ///
  /// SQLite reads a database with a log of what was written last (`-wal`) only where it can keep an index of that log beside it; and
  /// one of an older version lacks columns. So what cannot be read where it lies is copied, and the copy is read: nobody writes there
  /// at that moment, or the index would be there.
  init(reading directory: String) throws(StoreError) {
    notes = ChecksumNotes()
    let path = directory + "/case.sqlite"
    do {
      pool = try Self.inPlace(path) ?? Self.copy(of: path)
    } catch {
      throw Self.wrap(error, "cannot open the case database in \(directory)")
    }
  }

  /// One that knows no case, for a store whose own cannot be read.
  static func empty() throws(StoreError) -> CaseDatabase { try CaseDatabase(memory: ()) }

  private init(memory: Void) throws(StoreError) {
    notes = ChecksumNotes()
    do {
      let queue = try DatabaseQueue()
      try Self.migrator.migrate(queue)
      pool = queue
    } catch {
      throw Self.wrap(error, "cannot make a case database in memory")
    }
  }

  /// What SQLite's own check finds wrong with the file; empty where it is whole.
  public func faults() throws(StoreError) -> [String] {
    do {
      return try pool.read { try String.fetchAll($0, sql: "PRAGMA quick_check(20)") }.filter { $0 != "ok" }
    } catch {
      throw Self.wrap(error, "cannot check the case database")
    }
  }

  /// - Returns: nil where it cannot be read so.
  private static func inPlace(_ path: String) -> DatabaseQueue? {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(60)
    guard let queue = try? DatabaseQueue(path: path, configuration: configuration),
      let isUpToDate = try? queue.read({ try migrator.hasCompletedMigrations($0) }), isUpToDate
    else { return nil }
    return queue
  }

  private static func copy(of path: String) throws -> DatabaseQueue {
    let folder = BorrowedFolder()
    defer { folder.remove() }
    try folder.make()
    let copy = folder.path + "/case.sqlite"
    for part in ["", "-wal"] where FileManager.default.fileExists(atPath: path + part) {
      try FileManager.default.copyItem(atPath: path + part, toPath: copy + part)
      // A copy has the permissions of what it was made from.
      chmod(copy + part, 0o600)
    }
    let queue = try DatabaseQueue(path: copy)
    // The log becomes part of the file, which then needs no other beside it, not even its name.
    try queue.writeWithoutTransaction { _ = try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
    try migrator.migrate(queue)
    return queue
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE cases (name TEXT PRIMARY KEY, created TEXT NOT NULL) STRICT;
          CREATE TABLE artifacts (
            digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, type TEXT NOT NULL, stored TEXT NOT NULL) STRICT;
          CREATE TABLE sightings (
            "case" TEXT NOT NULL REFERENCES cases(name), path TEXT NOT NULL, digest TEXT NOT NULL
            REFERENCES artifacts(digest), source TEXT NOT NULL, modified_ns INTEGER, ingested TEXT NOT NULL, note TEXT,
            PRIMARY KEY ("case", path, digest)) STRICT;
          CREATE INDEX sightings_of ON sightings(digest);
          CREATE TABLE gaps (
            "case" TEXT NOT NULL REFERENCES cases(name), path TEXT NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY ("case", path)) STRICT;
          """)
    }
    addChecksums(&migrator)
    addVerdicts(&migrator)
    migrator.registerMigration("permissions") { database in
      try database.execute(
        sql: "ALTER TABLE sightings ADD COLUMN mode INTEGER; ALTER TABLE sightings ADD COLUMN uid INTEGER")
    }
    return migrator
  }

  /// An artifact as one case saw it.
  public struct Sighting: Hashable, Sendable {
    /// Relative to the source, with `/` between parts, as the source named it.
    public var path: String
    public var digest: Digest
    public var byteCount: UInt64
    /// libmagic's MIME type.
    public var type: String
    /// The folder, file or URL that was ingested.
    public var source: String
    /// Nanoseconds since 1970, where the source has it.
    public var modified: Int64?
    /// The twelve bits of permissions and the number of the owner, where the source is a file system.
    public var mode: UInt16?
    public var owner: Int64?
    /// What was odd when it was taken in (`shrank while it was read`).
    public var note: String?

    public init(
      path: String, digest: Digest, byteCount: UInt64, type: String, source: String, modified: Int64?,
      mode: UInt16? = nil, owner: Int64? = nil, note: String? = nil
    ) {
      self.path = path
      self.digest = digest
      self.byteCount = byteCount
      self.type = type
      self.source = source
      self.modified = modified
      self.mode = mode
      self.owner = owner
      self.note = note
    }
  }

  /// Something of the source that is not in the store, and why.
  public struct Gap: Hashable, Sendable {
    public var path: String
    public var reason: String

    public init(path: String, reason: String) {
      self.path = path
      self.reason = reason
    }
  }

  /// Records what one ingest brought, in one transaction. A gap that has been filled since is forgotten.
  public func record(
    case name: String, _ sightings: [Sighting], gaps: [Gap], at time: Timestamp = .now
  ) throws(StoreError) {
    do {
      let now = time.description
      try pool.write { database in
        try database.execute(sql: "INSERT OR IGNORE INTO cases VALUES (?, ?)", arguments: [name, now])
        for one in sightings {
          try database.execute(
            sql: "INSERT OR IGNORE INTO artifacts VALUES (?, ?, ?, ?)",
            arguments: [one.digest.hex, Int64(clamping: one.byteCount), one.type, now])
          try database.execute(
            sql: """
              INSERT OR IGNORE INTO sightings ("case", path, digest, source, modified_ns, ingested, note, mode, uid)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
              """,
            arguments: [
              name, one.path, one.digest.hex, one.source, one.modified, now, one.note, one.mode.map { Int64($0) },
              one.owner,
            ])
          try database.execute(
            sql: "DELETE FROM gaps WHERE \"case\" = ? AND path = ?", arguments: [name, one.path])
        }
        try recordNotes(sightings.map(\.digest), in: database)
        for gap in gaps {
          try database.execute(
            sql: "INSERT OR REPLACE INTO gaps VALUES (?, ?, ?)", arguments: [name, gap.path, gap.reason])
        }
      }
    } catch {
      throw Self.wrap(error, "cannot write the case database")
    }
  }

  public func cases() throws(StoreError) -> [String] {
    try read { try String.fetchAll($0, sql: "SELECT name FROM cases ORDER BY name") }
  }

  /// The case's artifacts by path. The same bytes under two paths are two sightings.
  public func sightings(of name: String) throws(StoreError) -> [Sighting] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT path, s.digest, bytes, type, source, modified_ns, note, mode, uid
          FROM sightings s JOIN artifacts a USING (digest)
          WHERE "case" = ? ORDER BY path, s.digest
          """, arguments: [name]
      ).compactMap { row in
        guard let digest = Digest(hex: row["digest"]) else { return nil }
        let bytes: Int64 = row["bytes"]
        return Sighting(
          path: row["path"], digest: digest, byteCount: UInt64(clamping: bytes), type: row["type"],
          source: row["source"],
          modified: row["modified_ns"], mode: (row["mode"] as Int64?).flatMap { UInt16(exactly: $0) },
          owner: row["uid"], note: row["note"])
      }
    }
  }

  /// When each case last took evidence in, as `Timestamp.description` writes it: such texts sort like their times.
  public func lastTaken() throws(StoreError) -> [String: String] {
    try read { database in
      var taken: [String: String] = [:]
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT name, coalesce(max(ingested), created) AS taken FROM cases LEFT JOIN sightings ON "case" = name GROUP BY name
          """)
      for row in rows { taken[row["name"]] = row["taken"] }
      return taken
    }
  }

  public func gaps(of name: String) throws(StoreError) -> [Gap] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT path, reason FROM gaps WHERE \"case\" = ? ORDER BY path", arguments: [name]
      ).map { Gap(path: $0["path"], reason: $0["reason"]) }
    }
  }

  func write(_ body: (Database) throws -> Void) throws(StoreError) {
    do { try pool.write(body) } catch { throw Self.wrap(error, "cannot write the case database") }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
    do { return try pool.read(body) } catch { throw Self.wrap(error, "cannot read the case database") }
  }

  private static func wrap(_ error: any Error, _ doing: String) -> StoreError {
    if let error = error as? StoreError { return error }
    let code = (error as? DatabaseError)?.resultCode
    if code == .SQLITE_NOTADB || code == .SQLITE_CORRUPT {
      return StoreError(
        .integrity,
        "\(doing): case.sqlite is damaged (\((error as? DatabaseError)?.message ?? "\(error)")). The objects beside it are named by "
          + "their own digests and custody.jsonl says where each came from: put a copy of case.sqlite back, or move it away "
          + "with its -wal and -shm and take the evidence in again, which computes nothing anew")
    }
    return StoreError(.cannotWrite, "\(doing): \(code == .SQLITE_FULL ? "no space left on device" : "\(error)")")
  }
}
