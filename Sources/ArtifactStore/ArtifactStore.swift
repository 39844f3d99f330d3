import Bytes
import Evidence
import Foundation

/// The local store: objects, results, custody log and case database under one folder.
public final class ArtifactStore: Sendable {
  public let directory: String
  public let objects: ObjectStore
  public let results: ResultLedger
  public let custody: CustodyLog
  public let cases: CaseDatabase
  /// Held while the store is open, so that nothing is collected that is just being put to use.
  let presence: FileLock
  /// Which objects may be read without hashing them again.
  public let verified: VerifiedObjects
  public let rules: PinnedRules
  /// Why nothing can be written into it, in the system's words; nil where it can.
  public let obstacle: String?
  /// Why the case database cannot be asked, of a store that was opened to be checked: then `cases` knows none.
  public let caseFault: String?

  private static let format = "ir-analyze store 1\n"

  /// Opens a store, or makes one in a folder that is empty or not there. Waits while its objects are collected.
  ///
  /// One that cannot be written to (a colleague's, or evidence on a read-only mount) is opened for reading: see `requireWritable`.
  ///
  /// - Parameters:
  ///   - signer: signs what is written to custody.
  ///   - isChecked: whether it is opened to be checked: a case database that is damaged or gone then becomes `caseFault`, and
  ///     none is made in its place.
  /// - Throws: `notAStore` for a folder that holds something else, or a store of another version.
  public init(directory path: String, signer: SigningKey? = nil, isChecked: Bool = false) throws(StoreError) {
    directory = path
    let marker = path + "/format"
    let isThere = try Self.isStore(path, marker)
    obstacle = isThere ? Self.obstacle(to: path) : nil
    if !isThere {
      // `tmp`, `objects` … may be there already when the first run was killed before it wrote the marker.
      let known: Set<String> = ["objects", "tmp", "results", "lock"]
      let inside = Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      let isOurs = inside.allSatisfy { known.contains($0) || $0.hasPrefix("format.") || $0.hasPrefix("case.sqlite") }
      // Another process may have made it between the two looks.
      let isMade = try isOurs ? false : Self.isStore(path, marker)
      guard isOurs || isMade else {
        throw StoreError(.notAStore, "\(path) is not empty and not a store: name another folder with --store")
      }
      do throws(StoreError) { try makeFolders(path) } catch {
        throw StoreError(error.code, "\(error.reason): name another store with --store")
      }
    }
    let mayWrite = obstacle == nil
    presence = try FileLock(path + "/lock", .shared, mayWrite: mayWrite)
    let notes = ChecksumNotes()
    objects = try ObjectStore(directory: path, notes: notes, mayWrite: mayWrite)
    verified = VerifiedObjects(directory: path, objects: objects)
    results = try ResultLedger(directory: path, objects: objects, mayWrite: mayWrite)
    custody = CustodyLog(directory: path, signer: signer)
    if isChecked, let fault = Self.lostCases(path) {
      cases = try .empty()
      caseFault = fault
    } else {
      do throws(StoreError) {
        cases = try mayWrite ? CaseDatabase(directory: path, notes: notes) : CaseDatabase(reading: path)
        caseFault = nil
      } catch {
        guard isChecked else { throw error }
        cases = try .empty()
        caseFault = error.reason
      }
    }
    rules = PinnedRules(directory: path)
    guard mayWrite else { return }
    objects.removeLeftovers()
    objects.emptyCache(onlyOld: true)
    if access(marker, F_OK) != 0 { try writeAtomically(Array(Self.format.utf8), to: marker, durable: true) }
  }

  /// - Parameter what: the command that has to write: `rescan`.
  /// - Throws: `readOnly`, saying what can be done.
  public func requireWritable(for what: String) throws(StoreError) {
    guard let obstacle else { return }
    throw StoreError(
      .readOnly,
      "the store at \(directory) cannot be written to (\(obstacle)), and `\(what)` has to: name a copy of it with --store "
        + "(`cp -a`), or get the right to write")
  }

  /// What stands against writing into a store that is there.
  private static func obstacle(to path: String) -> String? {
    for name in ["", "/objects", "/results", "/tmp", "/lock", "/case.sqlite", "/custody.jsonl", "/custody.head"] {
      if access(path + name, W_OK) != 0, errno != ENOENT { return systemMessage() }
    }
    return nil
  }

  /// Why there is nothing to ask of the case database of a store that has been written to; nil where there is.
  private static func lostCases(_ path: String) -> String? {
    var status = stat()
    let isThere = stat(path + "/case.sqlite", &status) == 0
    if isThere, status.st_size > 0 { return nil }
    let objects = (try? FileManager.default.contentsOfDirectory(atPath: path + "/objects")) ?? []
    guard !objects.isEmpty else { return nil }
    let state = isThere ? "empty" : "gone"
    return "case.sqlite is \(state), though the store holds objects: which case each belongs to, and whether one is "
      + "missing, cannot be told. Put a copy of case.sqlite back, or take the evidence in again with "
      + "`ir-analyze ingest`: what is in the store is not stored twice"
  }

  /// Whether the folder is marked as a store.
  private static func isStore(_ path: String, _ marker: String) throws(StoreError) -> Bool {
    guard let found = FileManager.default.contents(atPath: marker) else { return false }
    guard String(decoding: found, as: UTF8.self) == format else {
      throw StoreError(.notAStore, "\(path) is a store of another version of ir-analyze")
    }
    return true
  }
}
