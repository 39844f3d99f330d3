import Bytes
import Evidence
import Foundation

extension ResultLedger {
  /// One line of the ledger as it stands.
  struct Line {
    var path: String
    var key: Digest
    var analyzer: String
    var artifact: Digest
    var result: Digest
    var byteCount: Int64
  }

  /// Every entry, by key; those that are broken are passed over.
  func forEach(_ body: (Line) -> Void) {
    let shards = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for shard in shards.sorted() where shard.count == 2 {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(shard)")) ?? []
      for name in names.sorted() where name.hasSuffix(".json") {
        guard let key = Digest(hex: shard + name.dropLast(5)), let line = line(of: key) else { continue }
        body(line)
      }
    }
  }

  private func line(of key: Digest) -> Line? {
    guard let bytes = FileManager.default.contents(atPath: path(of: key)) else { return nil }
    return [UInt8](bytes).withView { text in
      let json = JSONView(text)
      guard let result = json["result"]?.string.flatMap(Digest.init(hex:)),
        let artifact = json.at("of", "artifact")?.string.flatMap(Digest.init(hex:))
      else { return nil }
      return Line(
        path: path(of: key), key: key, analyzer: json.at("of", "analyzer")?.string ?? "", artifact: artifact,
        result: result, byteCount: json["bytes"]?.integer ?? -1)
    }
  }

  /// Takes over an entry from elsewhere, where its object is here.
  ///
  /// - Returns: false where it is no entry, is filed under another key than its unit's, or its result is not here.
  func adopt(_ text: [UInt8], key: Digest) throws(StoreError) -> Bool {
    let unit: (json: [UInt8], result: Digest, byteCount: UInt64)? = text.withView { text in
      let json = JSONView(text)
      guard json["unit"]?.string == key.hex, let of = json["of"], Digest(of: of.bytes.array) == key,
        let result = json["result"]?.string.flatMap(Digest.init(hex:)), let count = json["bytes"]?.integer, count >= 0
      else { return nil }
      return (of.bytes.array, result, UInt64(count))
    }
    guard let unit, objects.byteCount(of: unit.result) == unit.byteCount else { return false }
    if result(of: key) != nil { return true }
    try record(
      key: key, unit: unit.json, result: .init(digest: unit.result, byteCount: unit.byteCount, isNew: false))
    return true
  }
}
