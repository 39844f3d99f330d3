import Bytes
import Evidence
import Foundation

/// A check of everything in a store: every object's bytes against its name, the custody chain, and that nothing which a case names is
/// gone.
public struct StoreCheck: Sendable {
  /// An object that was read whole.
  public struct Object: Hashable, Sendable {
    public var digest: Digest
    public var byteCount: UInt64
    public var form: ObjectForm
    /// The file that keeps it, under the store's folder.
    public var file: String
    /// SHA-256 of that file: the object's own for a plain one.
    public var fileDigest: Digest
  }

  public struct Problem: Hashable, Sendable {
    public enum Kind: String, Sendable { case object, missing, custody, hash, cases }
    public var kind: Kind
    public var digest: Digest?
    /// One sentence: what is wrong with what.
    public var text: String
  }

  /// By digest.
  public private(set) var objects: [Object] = []
  public private(set) var problems: [Problem] = []
  public private(set) var custody: CustodyCheck
  /// Collectors' hashes of all cases, as they were found when the case was last taken in or analyzed.
  public private(set) var verdicts: [(case: String, verdict: HashVerdict)] = []

  /// - Parameters:
  ///   - onObject: told each object as it is found whole.
  ///   - onProgress: told the bytes read since the last call.
  ///   - isInterrupted: asked before each object.
  public init(
    _ store: ArtifactStore, trusted: PublicKey? = nil, anchor: CustodyLog.Head? = nil,
    onObject: (Object) -> Void = { _ in }, onProgress: (Int) -> Void = { _ in }, isInterrupted: () -> Bool = { false }
  ) throws(StoreError) {
    custody = try store.custody.examine(trusted: trusted, anchor: anchor)
    problems = custody.problems.map { Problem(kind: .custody, text: $0) }
    if let fault = store.caseFault { problems.append(Problem(kind: .cases, text: fault)) }
    var stored: Set<Digest> = []
    for digest in store.objects.list() {
      if isInterrupted() { throw StoreError(.interrupted, "interrupted before everything was read") }
      stored.insert(digest)
      do throws(StoreError) {
        let object = try Self.check(digest, store, onProgress)
        objects.append(object)
        onObject(object)
      } catch {
        problems.append(Problem(kind: .object, digest: digest, text: error.reason))
      }
    }
    do throws(StoreError) {
      problems += try store.cases.faults().map { Problem(kind: .cases, text: "case.sqlite is damaged (\($0))") }
      try checkCases(store, stored)
    } catch {
      problems.append(Problem(kind: .cases, text: error.reason))
    }
  }

  /// That nothing which a case names is gone, and that what collectors wrote down holds.
  private mutating func checkCases(_ store: ArtifactStore, _ stored: Set<Digest>) throws(StoreError) {
    for name in try store.cases.cases() {
      for sighting in try store.cases.sightings(of: name)
      where !stored.contains(sighting.digest) && !store.objects.contains(sighting.digest) {
        problems.append(
          Problem(
            kind: .missing, digest: sighting.digest,
            text: "object \(sighting.digest.hex) (case \(name), \(sighting.path)) is gone from the store"))
      }
      for verdict in try store.cases.verdicts(of: name) {
        verdicts.append((name, verdict))
        if verdict.verdict == .mismatch {
          problems.append(Problem(kind: .hash, text: "case \(name): \(verdict.sentence)"))
        }
      }
    }
  }

  private static func check(_ digest: Digest, _ store: ArtifactStore, _ onProgress: (Int) -> Void) throws(StoreError)
    -> Object
  {
    guard let first = store.objects.form(of: digest), let count = store.objects.byteCount(of: digest) else {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: the file that keeps it cannot be read")
    }
    try store.objects.verify(digest, onProgress: onProgress)
    // What was packed while it was read is checked in its new form next time; its bytes are whole.
    let form = store.objects.form(of: digest) ?? first
    let file = store.objects.place(of: digest, as: form)
    if form == .packed, let packed = try? store.objects.packed(digest), !packed.isTableWhole {
      throw StoreError(.integrity, "object \(digest.hex) is damaged: the list of its pages was changed")
    }
    return Object(
      digest: digest, byteCount: count, form: form, file: String(file.dropFirst(store.directory.count + 1)),
      fileDigest: form == .plain ? digest : try hash(file))
  }

  private static func hash(_ path: String) throws(StoreError) -> Digest {
    do throws(BytesError) {
      let file = try MappedFile(path: path)
      file.willReadInOrder()
      let hash = StreamingHash(.sha256)
      file.withView { hash.update($0.unsafeBytes) }
      if let digest = Digest(bytes: hash.finish()) { return digest }
    } catch {
      throw StoreError(.cannotRead, error.reason)
    }
    throw StoreError(.cannotRead, "SHA-256 is not available from OpenSSL on this machine")
  }

  /// What a machine reads, and what is signed.
  public func json(tool: String, at time: Timestamp) -> [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.field("format", "ir-analyze verify 1")
      out.field("tool", tool)
      out.field("time", time.description)
      out.field("whole", problems.isEmpty)
      out.field("objects", objects.count)
      out.field("bytes", objects.reduce(UInt64(0)) { $0 &+ $1.byteCount })
      out.field(
        "custody",
        object: { out in
          out.field("entries", custody.count)
          out.field("signed", custody.signed)
          out.field("head", custody.head.digest.hex)
          out.field("keys", custody.keys.sorted())
          out.field("notes", custody.notes)
        })
      out.field(
        "collectors_hashes",
        object: { out in
          for verdict in HashVerdict.Verdict.allCases {
            out.field(verdict.rawValue, verdicts.count { $0.verdict.verdict == verdict })
          }
        })
      out.field(
        "problems",
        array: { out in
          for problem in problems {
            out.object { out in
              out.field("kind", problem.kind.rawValue)
              out.field("digest", problem.digest?.hex)
              out.field("text", problem.text)
            }
          }
        })
    }
    out.newline()
    return out.bytes
  }

  /// Lines for `sha256sum -c`, run in the store's folder.
  public var sums: String { objects.map { "\($0.fileDigest.hex)  \($0.file)\n" }.joined() }
}
