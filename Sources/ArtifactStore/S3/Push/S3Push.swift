import Bytes
import Evidence
import Foundation

/// Sends result files to `s3://bucket/prefix/{instance}/{case time}/`. S3 checks the SHA-256 of every part; a file that is there
/// with the same bytes is not sent again, so a push that broke off is simply repeated.
public final class S3Push: Sendable {
  public let location: S3Location
  let client: S3Client

  /// Parts of one upload that S3 allows.
  private static let mostParts: UInt64 = 10_000

  /// - Throws: `badSource` for a URL, endpoint or region that cannot be one.
  public init(url: String, options: S3Options = S3Options()) throws(StoreError) {
    location = try S3Location(url)
    client = try S3Client(location, options)
  }

  public struct Summary: Hashable, Sendable {
    public var sent = 0
    /// Files that were there already with the same bytes.
    public var unchanged = 0
    public var byteCount: UInt64 = 0
    /// `s3://bucket/prefix/{instance}/{case time}/`.
    public var place = ""
    public var isInterrupted = false
  }

  /// The folder of one case in the bucket: `i-0abc/20261125T052237Z`, sorted by instance, then time.
  public static func folder(instance: String, time: Timestamp) -> String {
    let safe = instance.utf8.map { byte -> UInt8 in
      let isSafe = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x2D || byte == 0x5F
      return isSafe || byte == 0x2E ? byte : 0x2D
    }
    let name = String(decoding: safe.prefix(128), as: UTF8.self)
    let second = Timestamp(nanoseconds: time.nanoseconds, precision: .second)
    let stamp = second.description.filter { $0 != "-" && $0 != ":" }
    return "\(name.isEmpty || name.allSatisfy { $0 == "." } ? "unknown" : name)/\(stamp)"
  }

  /// Sends every file of a folder, in the order of their paths.
  ///
  /// - Parameters:
  ///   - source: the listed report folder.
  ///   - folder: under the location: `S3Push.folder(instance:time:)`.
  ///   - onProgress: told the bytes sent since the last call.
  public func push(
    _ source: FolderSource, to folder: String, onProgress: (Int) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    let parts = [location.key, folder].map { $0.split(separator: "/").joined(separator: "/") }.filter { !$0.isEmpty }
    let prefix = parts.map { $0 + "/" }.joined()
    var summary = Summary()
    summary.place = location.object(prefix)
    for file in source.files {
      if isInterrupted() {
        summary.isInterrupted = true
        break
      }
      if try send(file, as: prefix + file.name, onProgress) { summary.sent += 1 } else { summary.unchanged += 1 }
      summary.byteCount += file.byteCount
    }
    return summary
  }

  /// - Returns: false when the same bytes were there.
  private func send(
    _ file: FolderSource.File, as key: String, _ onProgress: (Int) -> Void
  ) throws(StoreError) -> Bool {
    let mapped: MappedFile
    do throws(BytesError) { mapped = try MappedFile(path: file.path) } catch {
      throw StoreError(.badSource, error.reason)
    }
    let hash = StreamingHash(.sha256)
    mapped.withView { hash.update($0.unsafeBytes) }
    guard let digest = Digest(bytes: hash.finish()) else {
      throw StoreError(.cannotRead, "SHA-256 is not available from OpenSSL on this machine")
    }
    let count = mapped.withView { UInt64($0.count) }
    if isThere(key, digest, count) {
      onProgress(Int(clamping: count))
      return false
    }
    let metadata = [("x-amz-meta-sha256", digest.hex), ("Content-Type", Self.type(of: key))]
    if count > UInt64(partSize(for: 0)) {
      try MultipartUpload(client, key, partSize: partSize(for: count)).send(mapped, metadata, onProgress)
    } else {
      let body = mapped.withView { $0.array }
      _ = try client.send(Self.put(key, body, digest, headers: metadata))
      onProgress(body.count)
    }
    return true
  }

  /// Asks for the object's own note of its SHA-256, once: when there is no answer, it is sent.
  private func isThere(_ key: String, _ digest: Digest, _ count: UInt64) -> Bool {
    let answer = client.once(S3Client.Request(method: "HEAD", key: key)).answer
    return answer?["x-amz-meta-sha256"] == digest.hex && answer?["content-length"] == String(count)
  }

  /// At least 5 MiB, as S3 wants parts, and so large that there are not too many.
  private func partSize(for count: UInt64) -> Int {
    let least = Int(clamping: count / Self.mostParts + 1)
    return max(client.options.partSize, least, 5 << 20)
  }

  /// A PUT whose body S3 checks: by SHA-256, and by MD5 for servers that know only that.
  static func put(
    _ key: String, _ body: [UInt8], _ digest: Digest, query: [(String, String)] = [], headers: [(String, String)] = []
  ) -> S3Client.Request {
    var request = S3Client.Request(method: "PUT", key: key, query: query, headers: headers, body: body, payload: digest)
    request.headers.append(("x-amz-checksum-sha256", Data(digest.bytes).base64EncodedString()))
    let md5 = StreamingHash(.md5)
    body.withUnsafeBytes { md5.update($0) }
    let sum = md5.finish()
    if !sum.isEmpty { request.headers.append(("Content-MD5", Data(sum).base64EncodedString())) }
    return request
  }

  private static func type(of key: String) -> String {
    switch key.split(separator: ".").last.map(String.init) {
    case "html": "text/html; charset=utf-8"
    case "json": "application/json"
    case "jsonl": "application/x-ndjson"
    case "csv": "text/csv; charset=utf-8"
    case "md", "txt": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}
