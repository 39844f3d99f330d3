import Bytes
import Evidence
import Foundation

/// The append-only log of every touch of evidence: JSON Lines, each line holding its number and the digest of the line before it,
/// and, where a key is given, an Ed25519 signature.
///
/// Editing, removing or reordering lines breaks the chain from there on. The file `custody.head` says how many lines there are and
/// what the last one is, so that a log that was cut is noticed too. Whoever can write both can cut both: a count and digest that were
/// kept elsewhere (`run.json`, an export's manifest) settle it, and `CustodyCheck` takes them. Several processes may append: the file
/// is locked for the moment of it.
public struct CustodyLog: Sendable {
  public let path: String
  let headPath: String
  let keysDirectory: String
  /// Signs every entry that is appended; nil signs none.
  public let signer: SigningKey?

  init(directory: String, signer: SigningKey? = nil) {
    path = directory + "/custody.jsonl"
    headPath = directory + "/custody.head"
    keysDirectory = directory + "/keys"
    self.signer = signer
  }

  public struct Entry: Sendable {
    /// `ingest`, `check`, `export`, `remove` …
    public var action: String
    public var digest: Digest?
    /// Source, case, sizes: whatever the action needs to be understood years later.
    public var facts: [Attribute]

    public init(_ action: String, digest: Digest? = nil, _ facts: [Attribute] = []) {
      self.action = action
      self.digest = digest
      self.facts = facts
    }
  }

  /// Where a log ends: what to keep elsewhere to notice that it was cut.
  public struct Head: Hashable, Sendable {
    public var count: Int
    /// SHA-256 of the last line without its line end; zeros of an empty log.
    public var digest: Digest

    public init(count: Int, digest: Digest) {
      self.count = count
      self.digest = digest
    }

    static let empty = Head(count: 0, digest: CustodyLog.zero)

    /// `12:9f86d0…`
    public var text: String { "\(count):\(digest.hex)" }

    public init?(text: String) {
      let parts = text.split(separator: ":")
      guard parts.count == 2, let count = Int(parts[0]), count >= 0, let digest = Digest(hex: String(parts[1])) else {
        return nil
      }
      self.init(count: count, digest: digest)
    }
  }

  static let zero = Digest(bytes: [UInt8](repeating: 0, count: 32)) ?? Digest(of: [])

  /// Adds entries in order, and returns when they are on the disk.
  public func append(_ entries: [Entry], tool: String, at time: Timestamp = .now) throws(StoreError) {
    guard !entries.isEmpty else { return }
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    try check(descriptor, .cannotWrite, "cannot open the custody log \(path)")
    defer { close(descriptor) }
    try check(flock(descriptor, LOCK_EX), .cannotWrite, "cannot lock the custody log \(path)")
    let torn = try removeTornLine(descriptor)
    var head = try readEnd(descriptor)
    // There is a head from the first line on, so that one which is gone was taken away.
    if head.count == 0, self.head() == nil { try writeHead(.empty) }
    let before = [torn, cut(at: head)].compactMap(\.self)
    var out: [UInt8] = []
    let key = try signer.map { (key) throws(StoreError) in try keep(key.publicKey) }
    for entry in before + entries {
      let line = try line(entry, after: head, tool: tool, at: time, key: key)
      head = Head(count: head.count + 1, digest: Digest(of: line))
      out += line + [0x0A]
    }
    let end = lseek(descriptor, 0, SEEK_END)
    do throws(StoreError) {
      try write(out, to: descriptor)
    } catch {
      // Half a line must not stay where the next one would follow it.
      ftruncate(descriptor, end)
      throw error
    }
    try check(fsync(descriptor), .cannotWrite, "cannot sync the custody log \(path)")
    try writeHead(head)
  }

  private func line(
    _ entry: Entry, after head: Head, tool: String, at time: Timestamp, key: Digest?
  ) throws(StoreError) -> [UInt8] {
    var line = JSONWriter()
    line.object { line in
      line.field("number", head.count + 1)
      line.field("previous", head.digest.hex)
      line.field("time", time.description)
      line.field("actor", Self.actor)
      line.field("tool", tool)
      line.field("action", entry.action)
      line.field("digest", entry.digest?.hex)
      ResultLine.write(entry.facts.filter { !Self.ownNames.contains($0.name) }, to: &line)
      line.field("key", key?.hex)
    }
    guard let signer else { return line.bytes }
    return CustodySignature.add(try signer.sign(line.bytes), to: line.bytes)
  }

  /// Names that a fact must not take.
  private static let ownNames: Set<String> = [
    "number", "previous", "time", "actor", "tool", "action", "digest", "key", "signature",
  ]

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws(StoreError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      try check(count, .cannotWrite, "cannot write the custody log \(path)")
      done += count
    }
  }

  /// Takes away what a crash left of a line that was never whole, and says so in an entry. Its writer never heard that it was
  /// written, so nothing that anybody relied on is lost.
  private func removeTornLine(_ descriptor: Int32) throws(StoreError) -> Entry? {
    let tail = try readTail(descriptor)
    guard let last = tail.bytes.last, last != 0x0A else { return nil }
    let start = tail.bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let torn = Array(tail.bytes[start...])
    try check(
      ftruncate(descriptor, off_t(clamping: tail.offset + start)), .cannotWrite, "cannot write the custody log \(path)")
    return Entry(
      "repair",
      [
        Attribute("removed", "unfinished line"), Attribute("bytes", Int64(torn.count)),
        Attribute("sha256", Digest(of: torn).hex),
      ])
  }

  /// That the log no longer ends where `custody.head` said. The head is about to be written anew, so from here on only this entry
  /// tells of it. No crash leaves that: the head is written when the lines are on the disk.
  private func cut(at end: Head) -> Entry? {
    let said = head()
    // Fewer lines than there are: a run was killed before it wrote the head.
    if let said, said == end || said.count < end.count { return nil }
    return Entry(
      Self.cutAction,
      [
        Attribute("lines", Int64(end.count)), Attribute("head_lines", said.map { Int64($0.count) } ?? -1),
        Attribute("head_digest", said?.digest.hex ?? ""),
      ])
  }

  static let cutAction = "cut"

  /// Longest line that is looked for at the end.
  static let lineLimit = 1 << 20

  private func readTail(_ descriptor: Int32) throws(StoreError) -> (bytes: [UInt8], offset: Int) {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let window = min(max(size, 0), Self.lineLimit + 1)
    var tail = [UInt8](repeating: 0, count: window)
    let count = tail.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, window, off_t(size - window)) }
    guard count == window else { throw StoreError(.cannotRead, "cannot read the custody log \(path)") }
    return (tail, size - window)
  }

  /// Number and digest of the last line.
  private func readEnd(_ descriptor: Int32) throws(StoreError) -> Head {
    let tail = try readTail(descriptor).bytes
    guard !tail.isEmpty else { return .empty }
    return tail.withView { view in
      let lines = view.dropLast(1)
      let line = lines.slice(lines.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
      let number = JSONView(line)["number"]?.integer.flatMap { Int(exactly: $0) } ?? 0
      return Head(count: max(0, min(number, Int.max / 2)), digest: Digest(of: line.array))
    }
  }

  private func writeHead(_ head: Head) throws(StoreError) {
    var out = JSONWriter()
    out.object { out in
      out.field("count", head.count)
      out.field("digest", head.digest.hex)
    }
    let bytes = try signer.map { (key) throws(StoreError) in
      CustodySignature.add(try key.sign(out.bytes), to: out.bytes)
    }
    try writeAtomically((bytes ?? out.bytes) + [0x0A], to: headPath, durable: true)
  }

  /// What `custody.head` says; nil where it is not there or not whole.
  public func head() -> Head? {
    guard let bytes = FileManager.default.contents(atPath: headPath) else { return nil }
    return [UInt8](bytes).withView { view in
      let json = JSONView(view)
      guard let count = json["count"]?.integer.flatMap({ Int(exactly: $0) }), count >= 0,
        let digest = json["digest"]?.string.flatMap(Digest.init(hex:))
      else { return nil }
      return Head(count: count, digest: digest)
    }
  }

  /// Keeps the public half in the store, for whoever checks.
  private func keep(_ key: PublicKey) throws(StoreError) -> Digest {
    let name = key.fingerprint
    let place = "\(keysDirectory)/\(name.hex).pem"
    if access(place, F_OK) != 0 {
      try makeDirectory(keysDirectory)
      try writeAtomically(Array(key.pem.utf8), to: place, durable: true)
    }
    return name
  }

  private static let actor: String = {
    let user = getpwuid(geteuid()).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "uid \(geteuid())"
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return "\(user)@\(name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" })"
  }()
}

extension Timestamp {
  /// The machine's clock, to the second.
  public static var now: Timestamp {
    // A clock that was never set, or to no year that nanoseconds reach, is no reason to end.
    let (nanoseconds, over) = Int64(time(nil)).multipliedReportingOverflow(by: 1_000_000_000)
    return Timestamp(nanoseconds: over ? .max : nanoseconds, precision: .second)
  }
}
