import Evidence

/// What became of one hash that a collector wrote down.
public struct HashVerdict: Hashable, Sendable {
  public enum Verdict: String, Sendable, CaseIterable {
    /// The bytes in the case have that hash.
    case matched
    /// They have another: they were changed between the collector and the store, or the list was.
    case mismatch
    /// The list names a file that the case does not have.
    case missing
    /// The case has a file that the list, which covers its folder, does not name.
    case unlisted
    /// Hash or signature could not be checked; the note says what is missing.
    case unchecked
  }

  /// Path of the list in the case.
  public var list: String
  /// As the list has it.
  public var name: String
  public var verdict: Verdict
  /// `sha256`, `sha1`, `md5`, or `signature`, `chain` of a CloudTrail digest.
  public var algorithm: String
  /// Lower-case hexadecimal.
  public var expected: String?
  public var found: String?
  /// The file of the case that was compared.
  public var path: String?
  public var note: String?

  public init(
    list: String, name: String, _ verdict: Verdict, algorithm: String, expected: String? = nil, found: String? = nil,
    path: String? = nil, note: String? = nil
  ) {
    self.list = list
    self.name = name
    self.verdict = verdict
    self.algorithm = algorithm
    self.expected = expected
    self.found = found
    self.path = path
    self.note = note
  }

  /// One sentence for a reader.
  public var sentence: String {
    let about = path.map { $0 == name ? name : "\(name) (here \($0))" } ?? name
    let said: String
    switch verdict {
    case .matched: said = "\(about) has the \(algorithm) that \(list) gives"
    case .mismatch:
      switch algorithm {
      case "signature": said = "the signature of \(about) is wrong"
      case "chain": said = "\(about) breaks the chain of digests"
      default:
        said =
          "\(about) does not have the \(algorithm) that \(list) gives: \(found ?? "?") instead of \(expected ?? "?")"
      }
    case .missing: said = "\(about), which \(list) names, is not in the case"
    case .unlisted: said = "\(about) is not named by \(list)"
    case .unchecked: said = "\(about) could not be checked against \(list)"
    }
    return note.map { "\(said) (\($0))" } ?? said
  }
}

/// A file of a case, for whoever compares it with what was written down elsewhere.
public struct CaseFile: Hashable, Sendable {
  /// From the source's root; members of archives as `disk/root.tar.gz!/etc/passwd`.
  public var path: String
  public var digest: Digest
  public var byteCount: UInt64

  public init(path: String, digest: Digest, byteCount: UInt64) {
    self.path = path
    self.digest = digest
    self.byteCount = byteCount
  }
}
