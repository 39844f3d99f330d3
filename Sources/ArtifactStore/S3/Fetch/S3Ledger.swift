import Bytes
import Evidence
import Foundation

/// Which versions of which objects are in the store already, and what S3 said about each: one small file a version, under
/// `sources/s3`. So a second run, or the run after a crash, does not fetch them again, and their metadata stays at hand.
///
/// An entry is only ever a saving: one that is broken, or names an object that is gone, counts as absent.
public struct S3Ledger: Sendable {
  private let directory: String
  private let objects: ObjectStore

  init(_ store: ArtifactStore) {
    directory = store.directory + "/sources/s3"
    objects = store.objects
  }

  /// A version's identity: server, bucket, key, ETag, length and time.
  static func identity(_ object: S3Object, at location: S3Location, server: String) -> (digest: Digest, json: [UInt8]) {
    var out = JSONWriter()
    out.object { out in
      out.field("server", server)
      out.field("bucket", location.bucket)
      out.field("key", object.key)
      out.field("etag", object.etag)
      out.field("bytes", object.byteCount)
      out.field("modified", object.modified)
    }
    return (Digest(of: out.bytes), out.bytes)
  }

  private func path(of identity: Digest) -> String {
    let hex = identity.hex
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2)).json"
  }

  /// The object of a version that was fetched before, when it is there in its full length.
  func find(_ identity: Digest) -> (digest: Digest, facts: S3Facts)? {
    guard let bytes = FileManager.default.contents(atPath: path(of: identity)) else { return nil }
    return [UInt8](bytes).withView { text in
      let json = JSONView(text)
      guard let digest = json["digest"]?.string.flatMap(Digest.init(hex:)), let count = json.at("of", "bytes")?.integer,
        objects.byteCount(of: digest).map({ Int64(clamping: $0) }) == count
      else { return nil }
      var facts = S3Facts()
      facts.etag = json.at("of", "etag")?.string ?? ""
      facts.versionID = json["version"]?.string
      _ = json["metadata"]?.forEachMember { name, value in
        facts.metadata.append(Attribute(String(decoding: JSONView.unescape(name), as: UTF8.self), value.string ?? ""))
        return true
      }
      return (digest, facts)
    }
  }

  func record(_ identity: (digest: Digest, json: [UInt8]), _ digest: Digest, _ facts: S3Facts) throws(StoreError) {
    var out = JSONWriter()
    out.object { out in
      out.field("digest", digest.hex)
      out.field("version", facts.versionID)
      out.key("metadata")
      out.object { out in
        for one in facts.metadata { out.field(one.name, one.value.text) }
      }
      out.key("of")
      out.raw(identity.json)
    }
    out.newline()
    let place = path(of: identity.digest)
    let shard = (place as NSString).deletingLastPathComponent
    do { try FileManager.default.createDirectory(atPath: shard, withIntermediateDirectories: true) } catch {
      throw StoreError(.cannotWrite, "cannot make the folder \(shard): \(error.localizedDescription)")
    }
    try writeAtomically(out.bytes, to: place, durable: false)
  }
}
