import Bytes
import Evidence
import Foundation

/// What a check of the whole custody log found.
public struct CustodyCheck: Sendable {
  /// Whole lines.
  public private(set) var count = 0
  public private(set) var signed = 0
  /// Where the log ends now.
  public private(set) var head = CustodyLog.Head.empty
  /// One sentence for each thing that is wrong, each naming its line.
  public private(set) var problems: [String] = []
  /// What is odd without being wrong: a line that a crash cut short.
  public private(set) var notes: [String] = []
  /// Fingerprints of the keys that signed.
  public private(set) var keys: Set<String> = []

  /// A log that is edited throughout has no use for a sentence a line.
  private static let maximumProblems = 100

  private let log: CustodyLog
  private let trusted: PublicKey?
  private var known: [String: PublicKey] = [:]

  /// Checks from the first line to the last.
  ///
  /// - Parameters:
  ///   - trusted: the key that must have signed every entry from the first signed one on; nil believes the keys that lie in the store,
  ///     which proves only that the log fits them.
  ///   - anchor: a count and digest that were kept elsewhere.
  init(_ log: CustodyLog, trusted: PublicKey?, anchor: CustodyLog.Head?) throws(StoreError) {
    self.log = log
    self.trusted = trusted
    let isThere = FileManager.default.fileExists(atPath: log.path)
    // Nobody writes half a line, or a line without its head, while this reads.
    let lock = isThere ? try FileLock(log.path, .shared, mayWrite: false) : nil
    defer { lock?.release() }
    let said = log.head()
    if isThere { try walk(said, anchor) }
    for (what, mark) in [("custody.head", said), ("the anchor that was given", anchor)] {
      if let mark, mark.count > count {
        add("custody log \(log.path) was cut: \(what) counts \(mark.count) lines, and \(count) are there")
      }
    }
    if said == nil, count > 0 { add("custody.head, which says where the custody log ends, is gone or damaged") }
    if let said, said.count > 0, trusted != nil || signed > 0 { checkHead() }
  }

  private mutating func add(_ problem: String) {
    if problems.count < Self.maximumProblems { problems.append(problem) }
  }

  private mutating func walk(_ said: CustodyLog.Head?, _ anchor: CustodyLog.Head?) throws(StoreError) {
    do throws(BytesError) {
      let size = (try? FileManager.default.attributesOfItem(atPath: log.path)[.size] as? Int) ?? 0
      let reader = LineReader(try FileStream(path: log.path), limit: CustodyLog.lineLimit)
      while let line = try reader.next() {
        if reader.offset == UInt64(size), line.offset + line.byteCount == UInt64(size) {
          notes.append("line \(line.number) of the custody log was never finished: a run ended while it was written")
          break
        }
        take(line)
        for (what, mark) in [("custody.head", said), ("the anchor that was given", anchor)] {
          if let mark, mark.count == count, mark.digest != head.digest {
            add("custody log \(log.path): line \(count) is not the line that \(what) names: it was edited or replaced")
          }
        }
      }
    } catch {
      throw StoreError(.cannotRead, error.reason)
    }
  }

  private mutating func take(_ line: LineReader.Line) {
    let json = JSONView(line.bytes)
    let number = json["number"]?.integer
    if number != Int64(count) + 1 {
      add(
        "custody log \(log.path): line \(line.number) calls itself \(number.map(String.init) ?? "nothing"): "
          + "lines were edited, removed or moved")
    }
    if json["previous"]?.string != head.digest.hex {
      let before =
        count == 0
        ? "is not a first line" : "does not follow from line \(count): one of the two was edited, removed or moved"
      add("custody log \(log.path): line \(line.number) \(before)")
    }
    if json["action"]?.string == CustodyLog.cutAction {
      let counted = json["head_lines"]?.integer ?? -1
      let said = counted < 0 ? "custody.head was gone" : "custody.head counted \(counted)"
      add(
        "custody log \(log.path): line \(line.number) says that the log was cut or replaced before it was written: "
          + "\(json["lines"]?.integer ?? 0) lines were there, and \(said)")
    }
    count += 1
    head = CustodyLog.Head(count: count, digest: Digest(of: line.bytes.array))
    checkSignature(line, json["key"]?.string)
  }

  private mutating func checkSignature(_ line: LineReader.Line, _ name: String?) {
    guard let (message, signature) = CustodySignature.split(line.bytes) else {
      if name != nil || trusted != nil && signed > 0 {
        add("custody log \(log.path): the signature of line \(line.number) was removed")
      }
      return
    }
    signed += 1
    guard let key = key(name) else {
      add("custody log \(log.path): line \(line.number) is signed by a key that is not known")
      return
    }
    if let name { keys.insert(name) }
    if !key.verifies(signature, of: message) {
      add(
        "custody log \(log.path): the signature of line \(line.number) is wrong: the line was edited, or signed by another key"
      )
    }
  }

  private mutating func key(_ name: String?) -> PublicKey? {
    if let trusted { return trusted }
    guard let name, Digest(hex: name) != nil else { return nil }
    if let key = known[name] { return key }
    guard known.count < 1000, let pem = FileManager.default.contents(atPath: "\(log.keysDirectory)/\(name).pem"),
      let key = PublicKey(pem: [UInt8](pem)), key.fingerprint.hex == name
    else { return nil }
    known[name] = key
    return key
  }

  /// The head is signed by whoever signed last.
  private mutating func checkHead() {
    guard let bytes = FileManager.default.contents(atPath: log.headPath) else { return }
    let line = [UInt8](bytes.prefix { $0 != 0x0A })
    guard let (message, signature) = line.withView({ CustodySignature.split($0) }) else {
      if trusted != nil { add("custody.head is not signed") }
      return
    }
    let candidates = trusted.map { [$0] } ?? Array(known.values)
    if !candidates.contains(where: { $0.verifies(signature, of: message) }) {
      add("the signature of custody.head is wrong")
    }
  }
}

extension CustodyLog {
  /// Everything about the log that can be checked; see `CustodyCheck`.
  public func examine(trusted: PublicKey? = nil, anchor: Head? = nil) throws(StoreError) -> CustodyCheck {
    try CustodyCheck(self, trusted: trusted, anchor: anchor)
  }

  /// Checks the chain from the first line to the last.
  ///
  /// - Returns: number of entries.
  /// - Throws: `integrity`, with the first thing that is wrong.
  public func verify() throws(StoreError) -> Int {
    let check = try examine()
    if let first = check.problems.first { throw StoreError(.integrity, first) }
    return check.count
  }
}
