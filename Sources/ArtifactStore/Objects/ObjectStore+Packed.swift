import Bytes
import Evidence
import Foundation

extension ObjectStore {
  /// - Throws: `integrity` where the packed form is damaged, or what it rests on is gone.
  func packed(_ digest: Digest) throws(StoreError) -> PackedObject {
    let file: MappedFile
    do throws(BytesError) { file = try MappedFile(path: place(of: digest, as: .packed)) } catch {
      throw StoreError(.notFound, "the store has no readable object \(digest.hex): \(error.reason)")
    }
    let object = try PackedObject(file) { base throws(StoreError) in
      do throws(BytesError) { return try MappedFile(path: place(of: base, as: .plain)) } catch {
        throw StoreError(.notFound, error.reason)
      }
    }
    guard object.footer.digest == digest else {
      throw StoreError(.integrity, "the packed form of object \(digest.hex) is that of another object")
    }
    return object
  }

  /// The object whose pages a packed one rests on; nil for other forms.
  public func base(of digest: Digest) -> Digest? {
    guard form(of: digest) == .packed, let file = try? MappedFile(path: place(of: digest, as: .packed)) else {
      return nil
    }
    return file.withView { PackedFooter(file: $0)?.base }
  }
}
