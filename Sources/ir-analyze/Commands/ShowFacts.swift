import ArtifactStore
import Bytes
import Evidence

/// What the store knows of an object besides its bytes: digests, length, and where each case had it from.
enum ShowFacts {
  static func json(_ digest: Digest, in store: ArtifactStore) throws -> [UInt8] {
    guard let count = store.objects.byteCount(of: digest), let form = store.objects.form(of: digest) else {
      throw StoreError(.notFound, "the store has no object \(digest.hex)")
    }
    let checksums = try store.checksums(of: [digest])[digest]
    var sightings: [(name: String, sighting: CaseDatabase.Sighting)] = []
    for name in try store.cases.cases() {
      sightings += try store.cases.sightings(of: name).filter { $0.digest == digest }.map { (name, $0) }
    }
    var out = JSONWriter()
    out.object { out in
      out.field("sha256", digest.hex)
      out.field("sha1", checksums?.sha1)
      out.field("md5", checksums?.md5)
      out.field("bytes", count)
      out.field("kept", form == .plain ? "plain" : String(form.rawValue.dropFirst()))
      out.field(
        "seen",
        array: { out in
          for (name, one) in sightings {
            out.object { out in
              out.field("case", name)
              out.field("path", one.path)
              out.field("source", one.source)
              out.field("type", one.type)
              out.field("note", one.note)
            }
          }
        })
    }
    out.newline()
    return out.bytes
  }
}
