import Evidence
import GRDB

extension CaseDatabase {
  static func addChecksums(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("checksums") { database in
      try database.execute(
        sql: "CREATE TABLE checksums (digest TEXT PRIMARY KEY, md5 TEXT, sha1 TEXT) STRICT")
    }
  }

  /// Keeps what was made while the objects of these sightings came in.
  func recordNotes(_ digests: [Digest], in database: Database) throws {
    for digest in digests {
      if let checksums = notes[digest] { try Self.insert(digest, checksums, in: database) }
    }
  }

  private static func insert(_ digest: Digest, _ checksums: Checksums, in database: Database) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO checksums VALUES (?, ?, ?)", arguments: [digest.hex, checksums.md5, checksums.sha1])
  }

  /// MD5 and SHA-1 of objects, where they are known.
  public func checksums() throws(StoreError) -> [Digest: Checksums] {
    try read { database in
      var all: [Digest: Checksums] = [:]
      let rows = try Row.fetchCursor(database, sql: "SELECT digest, md5, sha1 FROM checksums")
      while let row = try rows.next() {
        guard let digest = Digest(hex: row["digest"]) else { continue }
        all[digest] = Checksums(md5: row["md5"], sha1: row["sha1"])
      }
      return all
    }
  }

  public func checksums(of digest: Digest) throws(StoreError) -> Checksums? {
    try read { database in
      try Row.fetchOne(database, sql: "SELECT md5, sha1 FROM checksums WHERE digest = ?", arguments: [digest.hex])
        .map { Checksums(md5: $0["md5"], sha1: $0["sha1"]) }
    }
  }

  public func record(_ checksums: [Digest: Checksums]) throws(StoreError) {
    guard !checksums.isEmpty else { return }
    try write { database in
      for (digest, one) in checksums.sorted(by: { $0.key < $1.key }) { try Self.insert(digest, one, in: database) }
    }
  }
}

extension ArtifactStore {
  /// MD5 and SHA-1 of objects; those that are not known yet (what came in resumed, or out of an archive) are made by reading the
  /// object, and kept.
  ///
  /// - Throws: `integrity` where an object no longer has the bytes that its digest names.
  public func checksums(
    of digests: some Sequence<Digest>, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> [Digest: Checksums] {
    let known = try cases.checksums()
    var all: [Digest: Checksums] = [:]
    var made: [Digest: Checksums] = [:]
    for digest in digests where all[digest] == nil {
      if let checksums = known[digest] {
        all[digest] = checksums
      } else if let checksums = try objects.verify(digest, checksums: true, onProgress: onProgress) {
        all[digest] = checksums
        made[digest] = checksums
      }
    }
    try cases.record(made)
    return all
  }
}
