import Bytes
import Evidence
import Foundation

/// Every rule set that was in force, under its fingerprint: a folder with its files, `rules.json` with the fingerprints of its
/// rules, and `history.jsonl` with one line for each time that another set came into force.
///
/// So a run can be repeated with exactly the rules it had, workers see one set although the folder of rules is being updated,
/// and what changed between two nights is a comparison of two lists.
public struct PinnedRules: Sendable {
  /// A set's coming into force.
  public struct Use: Hashable, Sendable {
    /// UTC, RFC 3339.
    public var time: String
    public var fingerprint: Digest
    /// The folder that the set was read from.
    public var source: String
    public var ruleCount: Int
  }

  private let directory: String

  init(directory: String) { self.directory = directory + "/rules" }

  /// The folder with the set's files; use it like any folder of rules.
  public func folder(of fingerprint: Digest) -> String { "\(directory)/\(fingerprint.hex)" }

  /// Whether the set is there as a whole.
  public func contains(_ fingerprint: Digest) -> Bool { access(lists(of: fingerprint), F_OK) == 0 }

  private func lists(of fingerprint: Digest) -> String { "\(folder(of: fingerprint))/rules.json" }

  /// One of the lists of digests by name that a set was kept with: fingerprints of its rules, of its parts.
  ///
  /// - Returns: nil for a set that is not there, or whose lists cannot be read.
  public func list(_ name: String, of fingerprint: Digest) -> [String: Digest]? {
    guard let bytes = FileManager.default.contents(atPath: lists(of: fingerprint)) else { return nil }
    return [UInt8](bytes).withView { text in
      var members: [String: Digest]?
      JSONView(text)["lists"]?.forEachMember { list, value in
        guard list.string == name else { return true }
        var read: [String: Digest]? = [:]
        let isWhole = value.forEachMember { name, digest in
          guard let digest = digest.string.flatMap(Digest.init(hex:)) else {
            read = nil
            return false
          }
          read?[name.string] = digest
          return true
        }
        if isWhole { members = read }
        return false
      }
      return members
    }
  }

  /// Keeps a set. What is kept already is not written again.
  ///
  /// - Parameters:
  ///   - lists: digests by name, in lists by name.
  ///   - files: their paths below the folder of rules, without `..`, and their bytes.
  public func pin(
    _ fingerprint: Digest, lists: [String: [String: Digest]], files: [(path: String, bytes: [UInt8])]
  ) throws(StoreError) {
    guard !contains(fingerprint) else { return }
    try makeDirectory(directory)
    let place = "\(directory)/\(fingerprint.hex).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
    var works = false
    defer { if !works { try? FileManager.default.removeItem(atPath: place) } }
    try makeDirectory(place)
    for file in files {
      let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
        throw StoreError(.badSource, "\(file.path) is not a path below the folder of rules")
      }
      var folder = place
      for part in parts.dropLast() {
        folder += "/\(part)"
        try makeDirectory(folder)
      }
      try writeAtomically(file.bytes, to: "\(place)/\(file.path)", durable: false)
    }
    var out = JSONWriter()
    out.object { out in
      out.field("fingerprint", fingerprint.hex)
      out.field(
        "lists",
        object: { out in
          for (list, members) in lists.sorted(by: { $0.key < $1.key }) {
            out.field(
              list,
              object: { out in
                for (name, digest) in members.sorted(by: { $0.key < $1.key }) { out.field(name, digest.hex) }
              })
          }
        })
    }
    out.newline()
    try writeAtomically(out.bytes, to: "\(place)/rules.json", durable: false)
    if rename(place, folder(of: fingerprint)) != 0 {
      // Another process may have kept the same set meanwhile.
      guard contains(fingerprint) else {
        throw StoreError(.cannotWrite, "cannot keep the rules in \(directory): \(systemMessage())")
      }
      return
    }
    works = true
    try syncDirectory(directory)
  }

  /// Notes that a set is in force from now on; nothing where it was already.
  public func noteUse(
    of fingerprint: Digest, from source: String, ruleCount: Int, at time: Timestamp = .now
  ) throws(StoreError) {
    try makeDirectory(directory)
    let path = directory + "/history.jsonl"
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    try check(descriptor, .cannotWrite, "cannot open \(path)")
    defer { close(descriptor) }
    // Two runs that begin at once must not both find the other set in force.
    try check(flock(descriptor, LOCK_EX), .cannotWrite, "cannot lock \(path)")
    if history().last?.fingerprint == fingerprint { return }
    var out = JSONWriter()
    out.object { out in
      out.field("time", time.description)
      out.field("fingerprint", fingerprint.hex)
      out.field("source", source)
      out.field("rules", ruleCount)
    }
    out.newline()
    let written = out.bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == out.bytes.count, fsync(descriptor) == 0 else {
      throw StoreError(.cannotWrite, "cannot write \(path): \(systemMessage())")
    }
  }

  /// Sets in the order in which they came into force. A line that a crash cut short is passed over.
  public func history() -> [Use] {
    guard let bytes = FileManager.default.contents(atPath: directory + "/history.jsonl") else { return [] }
    return [UInt8](bytes).withView { text in
      text.split(0x0A, limit: 1 << 20).compactMap { line in
        let json = JSONView(line)
        guard let fingerprint = json["fingerprint"]?.string.flatMap(Digest.init(hex:)) else { return nil }
        return Use(
          time: json["time"]?.string ?? "", fingerprint: fingerprint, source: json["source"]?.string ?? "",
          ruleCount: Int(clamping: json["rules"]?.integer ?? 0))
      }
    }
  }

  /// Different sets, the one that came into force last first.
  public func latest(_ count: Int) -> [Digest] {
    var seen: Set<Digest> = []
    var sets: [Digest] = []
    for use in history().reversed() where seen.insert(use.fingerprint).inserted {
      sets.append(use.fingerprint)
      if sets.count == count { break }
    }
    return sets
  }
}
