import Bytes
import Evidence
import Foundation

/// The append-only log of every touch of evidence: JSON Lines, each line holding the digest of the line before it.
///
/// Cutting, editing or reordering lines breaks the chain from there on. Several processes may append: the file is locked for
/// the moment of it.
public struct CustodyLog: Sendable {
  public let path: String

  init(directory: String) { path = directory + "/custody.jsonl" }

  public struct Entry: Sendable {
    /// `ingest`, `analyze`, `report`, `export` …
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

  /// Adds entries in order, and returns when they are on the disk.
  public func append(_ entries: [Entry], tool: String, at time: Timestamp = .now) throws(StoreError) {
    guard !entries.isEmpty else { return }
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    try check(descriptor, .cannotWrite, "cannot open the custody log \(path)")
    defer { close(descriptor) }
    try check(flock(descriptor, LOCK_EX), .cannotWrite, "cannot lock the custody log \(path)")
    var previous = try lastDigest(descriptor)
    var out = JSONWriter()
    for entry in entries {
      var line = JSONWriter()
      line.object { line in
        line.field("previous", previous)
        line.field("time", time.description)
        line.field("actor", Self.actor)
        line.field("tool", tool)
        line.field("action", entry.action)
        line.field("digest", entry.digest?.hex)
        ResultLine.write(entry.facts, to: &line)
      }
      previous = Digest(of: line.bytes).hex
      out.raw(line.bytes)
      out.newline()
    }
    var done = 0
    let bytes = out.bytes
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
      if count < 0, errno == EINTR { continue }
      try check(count, .cannotWrite, "cannot write the custody log \(path)")
      done += count
    }
    try check(fsync(descriptor), .cannotWrite, "cannot sync the custody log \(path)")
  }

  /// The digest of the last whole line. A line that a crash cut short is ended first, so that the chain shows it.
  private func lastDigest(_ descriptor: Int32) throws(StoreError) -> String {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size > 0 else { return String(repeating: "0", count: 64) }
    let window = min(Int(size), 1 << 20)
    var tail = [UInt8](repeating: 0, count: window)
    let count = tail.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, window, size - off_t(window)) }
    guard count == window else { throw StoreError(.cannotRead, "cannot read the custody log \(path)") }
    if tail.last != 0x0A {
      var newline: UInt8 = 0x0A
      try check(write(descriptor, &newline, 1), .cannotWrite, "cannot write the custody log \(path)")
      tail.append(0x0A)
    }
    return tail.withView { view in
      let lines = view.dropLast(1)
      let start = lines.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      return Digest(of: lines.slice(start).array).hex
    }
  }

  private static let actor: String = {
    let user = getpwuid(geteuid()).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "uid \(geteuid())"
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return "\(user)@\(name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" })"
  }()

  /// Checks the chain from the first line to the last.
  ///
  /// - Returns: number of entries.
  /// - Throws: `integrity`, naming the first line that does not follow from the one before it.
  public func verify() throws(StoreError) -> Int {
    guard FileManager.default.fileExists(atPath: path) else { return 0 }
    do throws(BytesError) {
      let reader = LineReader(try FileStream(path: path))
      var previous = String(repeating: "0", count: 64)
      var count = 0
      while let line = try reader.next() {
        guard JSONView(line.bytes)["previous"]?.string == previous else {
          throw BytesError(
            .cannotRead, "custody log \(path): line \(line.number) does not follow from the line before it")
        }
        previous = Digest(of: line.bytes.array).hex
        count += 1
      }
      return count
    } catch {
      throw StoreError(.integrity, error.reason)
    }
  }
}

extension Timestamp {
  /// The machine's clock, to the second.
  public static var now: Timestamp { Timestamp(nanoseconds: Int64(time(nil)) * 1_000_000_000, precision: .second) }
}
