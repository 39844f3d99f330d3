import Bytes
import Evidence

/// The lines of an object, in order, in memory that does not grow with it. Reads a compressed object frame by frame.
public final class ObjectLines {
  private enum Source {
    case mapped(MappedFile)
    case framed(CompressedObject)
  }

  private let source: Source
  private let digest: Digest
  /// Where the part at hand begins in the object, and what of it was not handed out yet.
  private var partStart: UInt64
  private var part = ByteView(UnsafeRawBufferPointer(start: nil, count: 0))
  private var place = 0
  /// A line of which only the beginning lay in the part before.
  private var begun: [UInt8] = []
  /// The line that was handed out, where its parts had to be joined.
  private var held = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// - Parameter start: the place of the object where the first line begins.
  public init(of digest: Digest, in objects: ObjectStore, from start: UInt64 = 0) throws(StoreError) {
    self.digest = digest
    partStart = start
    if objects.form(of: digest) == .compressed {
      let object = try objects.compressed(digest, from: start)
      if object.isOfManyFrames {
        source = .framed(object)
        partStart = object.place
        guard try nextPart() else { return }
        place = Int(clamping: start - min(partStart, start))
        return
      }
    }
    source = .mapped(try objects.open(digest))
    _ = try nextPart()
  }

  deinit { held.deallocate() }

  /// Where the next line begins.
  public var offset: UInt64 { partStart + UInt64(place) }

  /// Brings the next part in; false at the end.
  private func nextPart() throws(StoreError) -> Bool {
    let next = partStart + UInt64(part.count)
    switch source {
    case .mapped(let file):
      file.release(before: Int(clamping: next))
      part = file.view(at: next, count: MappedFile.passSize)
    case .framed(let object):
      do throws(BytesError) {
        part = ByteView(try object.nextPart() ?? UnsafeRawBufferPointer(start: nil, count: 0))
      } catch {
        throw StoreError(.integrity, "object \(digest.hex) is damaged: \(error.reason)")
      }
    }
    partStart = next
    place = 0
    return part.count > 0
  }

  /// The next line without its end, valid until the next call; nil behind the last.
  public func next() throws(StoreError) -> ByteView? {
    begun.removeAll(keepingCapacity: true)
    while true {
      if let end = part.firstIndex(of: 0x0A, from: place) {
        let line = part.slice(place, end)
        place = end + 1
        return begun.isEmpty ? line : joined(line)
      }
      let rest = part.slice(place)
      begun.append(contentsOf: rest.unsafeBytes)
      place = part.count
      guard try nextPart() else { return begun.isEmpty ? nil : joined(part.slice(0, 0)) }
    }
  }

  private func joined(_ end: ByteView) -> ByteView {
    begun.append(contentsOf: end.unsafeBytes)
    held.deallocate()
    held = .allocate(byteCount: begun.count, alignment: 1)
    held.copyBytes(from: begun)
    begun.removeAll(keepingCapacity: true)
    return ByteView(UnsafeRawBufferPointer(held))
  }
}
