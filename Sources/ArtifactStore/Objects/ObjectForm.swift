import Bytes
import Evidence
import Foundation

/// How an object is kept. Its digest, length and bytes are the same in every form.
public enum ObjectForm: String, Sendable, CaseIterable {
  /// A file of its bytes.
  case plain = ""
  /// Pages that differ from another image, and a list of where the others are found in it (`PackedObject`).
  case packed = ".packed"
  /// zstd frames (`CompressedObject`): large results from the beginning, other text when asked for.
  case compressed = ".zst"
}

extension ObjectStore {
  /// Where the object would lie in that form.
  func place(of digest: Digest, as form: ObjectForm) -> String {
    let hex = digest.hex
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2))\(form.rawValue)"
  }

  /// How the object is kept; nil where it is not there. While one form replaces another there may be both.
  public func form(of digest: Digest) -> ObjectForm? {
    // The last look closes the moment between the first two in which a packed object is unpacked again.
    [.plain, .packed, .compressed, .plain].first { access(place(of: digest, as: $0), F_OK) == 0 }
  }

  /// Bytes that the object takes on the disk, holes not counted; 0 where it is not there.
  public func diskSize(of digest: Digest) -> UInt64 {
    var sum: UInt64 = 0
    for form in ObjectForm.allCases {
      var status = stat()
      guard stat(place(of: digest, as: form), &status) == 0 else { continue }
      sum += UInt64(max(status.st_blocks, 0)) * 512
    }
    return sum
  }

  /// The object as one run of mapped bytes. A packed object is unpacked into the cache first.
  ///
  /// - Throws: `notFound` where there is no such object; `integrity` where its packing is damaged.
  public func open(_ digest: Digest) throws(StoreError) -> MappedFile {
    // Nearly all are plain: no look first.
    let plain = place(of: digest, as: .plain)
    if let file = try? MappedFile(path: plain) { return file }
    var reason = "No such file or directory"
    // Somebody may pack the object, or empty the cache, between the look and the opening.
    for _ in 0..<3 {
      guard let form = form(of: digest) else { break }
      let path = form == .plain ? plain : try unpack(digest)
      do throws(BytesError) { return try MappedFile(path: path) } catch { reason = error.reason }
    }
    throw StoreError(.notFound, "the store has no readable object \(digest.hex): \(reason)")
  }

  /// The object for reading at any place, without unpacking it where its form allows.
  ///
  /// A read costs a copy, and for a packed object a search in its list besides: right for single places and one pass, while
  /// what reads the same places over and over (page tables) is better served by `open`.
  public func reader(_ digest: Digest) throws(StoreError) -> any RandomAccess {
    form(of: digest) == .packed ? try packed(digest) : try open(digest)
  }

  /// The object from front to back, without unpacking it to the disk.
  public func stream(_ digest: Digest) throws(StoreError) -> any ByteStream {
    var reason = "No such file or directory"
    for _ in 0..<3 {
      switch form(of: digest) {
      case nil: break
      case .plain:
        do throws(BytesError) { return try FileStream(path: place(of: digest, as: .plain)) } catch {
          reason = error.reason
        }
      case .packed: return AccessStream(try packed(digest))
      case .compressed: return try compressed(digest)
      }
    }
    throw StoreError(.notFound, "the store has no readable object \(digest.hex): \(reason)")
  }
}

/// Random access as a stream. Ends early, with `damage` and an error, where bytes cannot be had.
final class AccessStream: ByteStream {
  private let source: any RandomAccess
  private var place: UInt64 = 0

  init(_ source: any RandomAccess) { self.source = source }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard place < source.byteCount, buffer.count > 0 else { return 0 }
    let count = source.read(at: place, into: buffer)
    guard count > 0 else { throw BytesError(.cannotRead, "its bytes cannot be read from \(place) on") }
    place += UInt64(count)
    return count
  }
}
