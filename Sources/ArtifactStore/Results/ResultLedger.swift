import Bytes
import Evidence
import Foundation

/// Which results are there: unit key → digest of the result's object. One small file each, so that any number of workers
/// on any number of machines may add to it without asking each other.
///
/// A result is only ever a saving: an entry that is broken, or names an object that is gone or damaged, counts as absent and
/// is computed again.
public struct ResultLedger: Sendable {
  let directory: String
  let objects: ObjectStore

  init(directory: String, objects: ObjectStore, mayWrite: Bool = true) throws(StoreError) {
    self.directory = directory + "/results"
    self.objects = objects
    if mayWrite { try makeDirectory(self.directory) }
  }

  func path(of key: Digest) -> String {
    let hex = key.hex
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2)).json"
  }

  /// The result of a unit, when there is one and its object is there in its full length.
  public func result(of key: Digest) -> Digest? {
    guard let bytes = FileManager.default.contents(atPath: path(of: key)) else { return nil }
    return [UInt8](bytes).withView { text in
      let json = JSONView(text)
      guard json["unit"]?.string == key.hex, let digest = json["result"]?.string.flatMap(Digest.init(hex:)),
        let count = json["bytes"]?.integer, objects.byteCount(of: digest).map(Int64.init) == count
      else { return nil }
      return digest
    }
  }

  /// - Parameter unit: the unit as canonical JSON, kept for people and for audits.
  public func record(key: Digest, unit: [UInt8], result: ObjectStore.Stored) throws(StoreError) {
    var out = JSONWriter()
    out.object { out in
      out.field("unit", key.hex)
      out.field("result", result.digest.hex)
      out.field("bytes", result.byteCount)
      out.key("of")
      out.raw(unit)
    }
    out.newline()
    try writeAtomically(out.bytes, to: path(of: key), durable: false, makesFolder: true)
  }
}
