import Bytes
import Evidence

extension CustodyLog {
  /// What the log says of how an artifact came in, apart from when and by whom.
  public struct Origin: Hashable, Sendable {
    /// Of the object in S3, where its bucket keeps versions.
    public var version: String?
    /// SHA-256 of the public key that signed the entry.
    public var signer: Digest?
  }

  /// Of each artifact of a case, by its first entry. One pass over the log; empty where there is none.
  ///
  /// Signatures are not checked here: `verify` does that.
  public func origins(of name: String) throws(StoreError) -> [Digest: Origin] {
    let lines: LineReader
    do throws(BytesError) { lines = LineReader(try FileStream(path: path), limit: 1 << 20) } catch { return [:] }
    var origins: [Digest: Origin] = [:]
    while true {
      let line: LineReader.Line?
      do throws(BytesError) { line = try lines.next() } catch { throw StoreError(.cannotRead, error.reason) }
      guard let line else { return origins }
      let entry = JSONView(line.bytes)
      guard entry["action"]?.string == "ingest", entry["case"]?.string == name,
        let digest = entry["digest"]?.string.flatMap(Digest.init(hex:)), origins[digest] == nil
      else { continue }
      origins[digest] = Origin(
        version: entry["version"]?.string, signer: entry["key"]?.string.flatMap(Digest.init(hex:)))
    }
  }
}
