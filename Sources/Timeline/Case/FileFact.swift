import Evidence

/// What a listing, a bodyfile or an archive says of one file of the host.
public struct FileFact: Hashable, Sendable {
  /// Absolute on the host.
  public var path: String
  /// The twelve bits of permissions; nil where the source has none.
  public var mode: UInt16?
  public var isRegular: Bool
  /// The number, or the name that a listing shows.
  public var owner: String?
  /// When content, metadata or the file itself came to be, each with its meaning.
  public var times: [FileTime]
  public var evidence: EvidenceReference
  /// The file's own bytes, where they were collected.
  public var content: Digest?

  public init(
    path: String, mode: UInt16? = nil, isRegular: Bool = true, owner: String? = nil, times: [FileTime] = [],
    evidence: EvidenceReference, content: Digest? = nil
  ) {
    self.content = content
    self.path = path
    self.mode = mode
    self.isRegular = isRegular
    self.owner = owner
    self.times = times
    self.evidence = evidence
  }

  /// From an event of a bodyfile (`fs:stat`) or a listing (`linux:capture:path`); nil for any other.
  public init?(_ event: Event, artifact: Digest) {
    guard event.dataType == "fs:stat" || event.dataType == "linux:capture:path", let path = event.text("path"),
      path.hasPrefix("/"), event["is_reallocated"] == nil
    else { return nil }
    let shown = event.text("mode") ?? ""
    let letters = Array(shown.utf8)
    self.init(
      path: path, mode: Self.permissions(letters),
      isRegular: letters.isEmpty || letters[0] == 0x2D || letters[0] == 0x72,
      owner: event.text("user") ?? event.integer("uid").map(String.init),
      evidence: EvidenceReference(artifact: artifact, locator: event.locator))
    guard let time = event.time else { return }
    // A bodyfile's `macb` names all that happened at the moment; being read is no change.
    let macb = event.text("macb")
    if macb?.contains("m") ?? (event.timeMeaning == .modification) { times.append(FileTime(.modification, time)) }
    if macb?.contains("c") ?? (event.timeMeaning == .change) { times.append(FileTime(.change, time)) }
    if macb?.contains("b") ?? (event.timeMeaning == .creation) { times.append(FileTime(.creation, time)) }
  }

  /// The last nine letters of `-rwsr-xr-x` or of the Sleuth Kit's `r/rrwsr-xr-x`.
  static func permissions(_ letters: [UInt8]) -> UInt16? {
    guard letters.count >= 10 else { return nil }
    // A plus or a dot behind stands for access lists and labels.
    let end = letters.last.map { $0 == 0x2B || $0 == 0x2E } == true ? letters.count - 1 : letters.count
    guard end >= 10 else { return nil }
    var mode: UInt16 = 0
    for (place, letter) in letters[(end - 9)..<end].enumerated() {
      let bit = UInt16(0o400) >> UInt16(place)
      switch letter {
      case 0x72, 0x77, 0x78: mode |= bit
      case 0x73, 0x74: mode |= bit | special(place)
      case 0x53, 0x54: mode |= special(place)
      case 0x2D: break
      default: return nil
      }
    }
    return mode
  }

  private static func special(_ place: Int) -> UInt16 {
    place == 2 ? 0o4000 : place == 5 ? 0o2000 : place == 8 ? 0o1000 : 0
  }

  var isExecutable: Bool { mode.map { $0 & 0o111 != 0 } ?? false }
  var isSetID: Bool { isRegular && mode.map { $0 & 0o6000 != 0 && $0 & 0o111 != 0 } ?? false }
}
