import ArtifactStore
import Bytes
import Evidence

/// The sink that every analyzer writes into: canonical JSON Lines on the way to becoming an object of the store.
///
/// Events stand together, in their order: what else comes while they are written stands behind them, and a last line `events`
/// {`from`, `to`} says where they are, so that who asks for findings need not read what is mostly events.
public final class ResultFile: ResultSink {
  private let store: ArtifactStore
  private var out = JSONWriter()
  /// Lines that wait until the events are through.
  private var behind = JSONWriter()
  private var overflow: Overflow?
  /// Made when there is more than a little: small results stay plain files.
  private var writer: ObjectWriter?
  private var written: UInt64 = 0
  private var eventsStart: UInt64?
  private var failure: StoreError?
  /// Told of every event, once it is written.
  var onEvent: ((Event) -> Void)?

  /// Bytes that are handed to the store at once. They stay in a processor's own cache, and give a frame of their own.
  private static let partSize = 1 << 18

  public init(_ store: ArtifactStore) throws(StoreError) { self.store = store }

  public func event(_ event: Event) {
    if eventsStart == nil { eventsStart = place }
    ResultLine.write(event, to: &out)
    flush()
    onEvent?(event)
  }

  public func finding(_ finding: Finding) { line { ResultLine.write(finding, to: &$0) } }
  public func coverage(_ coverage: Coverage) { line { ResultLine.write(coverage, to: &$0) } }
  public func row(view: String, json: [UInt8]) { line { ResultLine.write(view: view, row: json, to: &$0) } }

  /// A line of the engine's own: `kind` names it, `body` writes its members.
  func line(_ kind: String, _ body: (inout JSONWriter) -> Void) {
    line { out in
      out.object { out in out.field(kind, object: body) }
      out.newline()
    }
  }

  /// A line that is no event.
  private func line(_ write: (inout JSONWriter) -> Void) {
    guard eventsStart != nil else {
      write(&out)
      return flush()
    }
    write(&behind)
    guard behind.count > Self.partSize, failure == nil else { return }
    do throws(StoreError) {
      if overflow == nil { overflow = try Overflow(store) }
      try overflow?.append(behind)
    } catch {
      failure = error
    }
    behind.removeAll()
  }

  private var place: UInt64 { written + UInt64(out.count) }

  private func flush(always: Bool = false) {
    guard failure == nil, always || out.count > Self.partSize else { return }
    written += UInt64(out.count)
    out.withUnsafeBytes(hand)
    out.removeAll()
  }

  private func hand(_ bytes: UnsafeRawBufferPointer) {
    guard failure == nil else { return }
    do throws(StoreError) {
      if writer == nil {
        writer = try store.objects.newObject(durable: false, compressed: bytes.count > Self.partSize)
      }
      try writer?.write(bytes)
    } catch {
      failure = error
    }
  }

  /// - Throws: what went wrong while writing, now or before.
  public func finish() throws(StoreError) -> ObjectStore.Stored {
    if let eventsStart {
      let end = place
      if let overflow {
        flush(always: true)
        try overflow.forEachPart(hand)
        self.overflow = nil
      }
      out.append(behind)
      out.object { out in
        out.field(
          CaseResults.eventsKind,
          object: { out in
            out.field("from", eventsStart)
            out.field("to", end)
          })
      }
      out.newline()
    }
    flush(always: true)
    if let failure { throw failure }
    guard let writer else { return try store.objects.newObject(durable: false).finish() }
    return try writer.finish()
  }
}

/// Lines that wait on the disk: an attack may give more findings than fit into memory.
private final class Overflow {
  private let file: ScratchFile

  init(_ store: ArtifactStore) throws(StoreError) { file = try store.objects.scratchFile() }

  func append(_ lines: borrowing JSONWriter) throws(StoreError) {
    try lines.withUnsafeBytes { (bytes) throws(StoreError) in try file.append(bytes) }
  }

  func forEachPart(_ body: (UnsafeRawBufferPointer) -> Void) throws(StoreError) {
    let file: MappedFile
    do throws(BytesError) { file = try MappedFile(path: self.file.path) } catch {
      throw StoreError(.cannotRead, error.reason)
    }
    var place: UInt64 = 0
    while place < file.byteCount {
      let part = file.view(at: place, count: 1 << 20)
      body(part.unsafeBytes)
      place += UInt64(part.count)
    }
  }
}
