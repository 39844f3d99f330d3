import Bytes
import Evidence

/// Compares the hashes that collectors wrote down with the bytes that are in the case.
public struct HashCheck {
  /// What the check needs to know of bytes, answered from the case database or by reading the object.
  public struct Sources {
    /// An object's digest of that kind; nil where it cannot be had.
    public var hash: (Digest, HashList.Algorithm) -> String?
    /// The digest of an object's bytes after gzip and the like are undone; nil for one that is not compressed.
    public var decodedHash: (Digest, HashList.Algorithm) -> String?

    public init(
      hash: @escaping (Digest, HashList.Algorithm) -> String?,
      decodedHash: @escaping (Digest, HashList.Algorithm) -> String?
    ) {
      self.hash = hash
      self.decodedHash = decodedHash
    }
  }

  private let index: CaseFileIndex
  private let sources: Sources
  /// Paths that some list names.
  private var named: Set<String> = []

  /// Files without a line in a list that covers their folder, before they are only counted.
  private static let maximumUnlisted = 1000
  /// Lists whose folders are gone through: a collection has one or two.
  private static let maximumCovering = 1000
  private static let compressed = [".zst", ".gz", ".xz", ".bz2", ".lz4", ".Z"]

  public init(files: [CaseFile], sources: Sources) {
    index = CaseFileIndex(files.sorted { $0.path < $1.path })
    self.sources = sources
  }

  /// What became of every line of every list, in the order of the lists.
  public mutating func run(_ lists: [(path: String, list: HashList)]) -> [HashVerdict] {
    var verdicts: [HashVerdict] = []
    for (path, list) in lists {
      for entry in list.entries { verdicts.append(verdict(entry, list: path)) }
    }
    let listed = Set(lists.map(\.path))
    // A list that matched nothing in its folder covers nothing.
    let covering = Set(
      verdicts.filter { $0.verdict == .matched && ($0.path ?? "").hasPrefix(CaseFileIndex.folder($0.list)) }.map(\.list)
    )
    let whole = lists.filter { path, list in
      list.entries.count > 1 && covering.contains(path) && !HashList.isAcquisitionLog(path)
    }
    for (path, _) in whole.prefix(Self.maximumCovering) { verdicts += unlisted(path, listed) }
    return verdicts
  }

  private mutating func verdict(_ entry: HashList.Entry, list: String) -> HashVerdict {
    let isBare = entry.name.isEmpty
    let found =
      isBare
      ? (files: index.owner(of: list).map { [$0] } ?? [], isSure: true) : index.candidates(entry.name, from: list)
    let name = isBare ? (found.files.first.map { CaseFileIndex.last($0.path) } ?? "the file beside it") : entry.name
    func make(
      _ verdict: HashVerdict.Verdict, _ file: CaseFile?, found: String? = nil, note: String? = nil
    ) -> HashVerdict {
      HashVerdict(
        list: list, name: name, verdict, algorithm: entry.algorithm.rawValue, expected: entry.hash, found: found,
        path: file?.path, note: note)
    }
    var unreadable: CaseFile?
    var other: (file: CaseFile, hash: String)?
    for file in found.files {
      guard let hash = sources.hash(file.digest, entry.algorithm) else {
        unreadable = unreadable ?? file
        continue
      }
      if hash == entry.hash {
        named.insert(file.path)
        return make(.matched, file, found: hash)
      }
      // The hash may have been made before the file was compressed under the same name.
      if sources.decodedHash(file.digest, entry.algorithm) == entry.hash {
        named.insert(file.path)
        return make(.matched, file, found: entry.hash, note: "after its compression is undone")
      }
      if found.isSure { other = other ?? (file, hash) }
    }
    if let other {
      named.insert(other.file.path)
      return make(.mismatch, other.file, found: other.hash)
    }
    if !isBare, let match = inCompressed(entry, list: list) {
      named.insert(match.file.path)
      if match.hash == entry.hash {
        return make(.matched, match.file, found: match.hash, note: "after its compression is undone")
      }
      return make(.mismatch, match.file, found: match.hash, note: "after its compression is undone")
    }
    if let unreadable, found.isSure {
      return make(.unchecked, unreadable, note: "\(entry.algorithm.rawValue) cannot be had on this machine")
    }
    if entry.algorithm == .sha256, let digest = Digest(hex: entry.hash), let file = index[digest] {
      named.insert(file.path)
      return make(.matched, file, found: entry.hash, note: "under another name")
    }
    return make(.missing, nil)
  }

  /// The list names `x.lime`, and the case has `x.lime.zst`.
  private func inCompressed(_ entry: HashList.Entry, list: String) -> (file: CaseFile, hash: String)? {
    for ending in Self.compressed {
      let found = index.candidates(entry.name + ending, from: list)
      guard found.isSure, let file = found.files.first else { continue }
      if let hash = sources.decodedHash(file.digest, entry.algorithm) { return (file, hash) }
    }
    return nil
  }

  /// Files under the folder of a list that neither it nor another list names.
  private func unlisted(_ list: String, _ lists: Set<String>) -> [HashVerdict] {
    let folder = CaseFileIndex.folder(list)
    var all: [HashVerdict] = []
    var more = 0
    for file in index.under(folder) where !named.contains(file.path) && !lists.contains(file.path) {
      // A member of an archive is covered by the archive's own hash; UAC's log grows after the list is made.
      if file.path.dropFirst(folder.count).contains("!/") || CaseFileIndex.last(file.path) == "uac.log" { continue }
      if HashList.isNamedLikeOne(file.path) || hasNamedRelative(file.path) { continue }
      guard all.count < Self.maximumUnlisted else {
        more += 1
        continue
      }
      all.append(
        HashVerdict(
          list: list, name: String(file.path.dropFirst(folder.count)), .unlisted, algorithm: "", path: file.path))
    }
    if more > 0, let last = all.indices.last { all[last].note = "and \(more) more" }
    return all
  }

  /// What was expanded from a compressed file that is listed, or the other way round.
  private func hasNamedRelative(_ path: String) -> Bool {
    Self.compressed.contains {
      named.contains(path + $0) || path.hasSuffix($0) && named.contains(String(path.dropLast($0.count)))
    }
  }
}
