import ArtifactStore
import Bytes

/// Hash lists, UAC's acquisition logs and CloudTrail's digests, whatever stands in them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHashList(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let view = ByteView(UnsafeRawBufferPointer(start: data, count: count))
  for path in ["SHA256SUMS", "uac-host.log"] {
    guard let list = HashList(view, path: path) else { continue }
    for entry in list.entries { precondition([32, 40, 64].contains(entry.hash.utf8.count)) }
  }
  if let digest = CloudTrailDigest(view) {
    precondition(digest.signedText(hash: "").hasPrefix(digest.end))
    _ = digest.chain
  }
  var keys = CloudTrailKeys()
  keys.add(view.array)
  return 0
}
