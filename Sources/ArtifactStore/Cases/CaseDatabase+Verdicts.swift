import Evidence
import GRDB

extension CaseDatabase {
  static func addVerdicts(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("verdicts") { database in
      try database.execute(
        sql: """
          CREATE TABLE verdicts (
            "case" TEXT NOT NULL REFERENCES cases(name), list TEXT NOT NULL, name TEXT NOT NULL, verdict TEXT NOT NULL,
            algorithm TEXT NOT NULL, expected TEXT, found TEXT, path TEXT, note TEXT, position INTEGER NOT NULL) STRICT;
          CREATE INDEX verdicts_of ON verdicts("case");
          """)
    }
  }

  /// Replaces what was found of the collectors' hashes of a case.
  public func record(case name: String, _ verdicts: [HashVerdict]) throws(StoreError) {
    try write { database in
      try database.execute(sql: "DELETE FROM verdicts WHERE \"case\" = ?", arguments: [name])
      for (position, one) in verdicts.enumerated() {
        try database.execute(
          sql: "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          arguments: [
            name, one.list, one.name, one.verdict.rawValue, one.algorithm, one.expected, one.found, one.path, one.note,
            position,
          ])
      }
    }
  }

  public func verdicts(of name: String) throws(StoreError) -> [HashVerdict] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT list, name, verdict, algorithm, expected, found, path, note FROM verdicts WHERE "case" = ? ORDER BY position
          """, arguments: [name]
      ).compactMap { row in
        guard let verdict = HashVerdict.Verdict(rawValue: row["verdict"]) else { return nil }
        return HashVerdict(
          list: row["list"], name: row["name"], verdict, algorithm: row["algorithm"], expected: row["expected"],
          found: row["found"], path: row["path"], note: row["note"])
      }
    }
  }
}
