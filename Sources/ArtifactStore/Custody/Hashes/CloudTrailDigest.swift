import Bytes
import Evidence

/// One file of CloudTrail's digest chain, as far as a check needs it. Fields and the text that is signed: CloudTrail User Guide,
/// "CloudTrail digest file structure" and "Custom implementations of log file integrity validation".
public struct CloudTrailDigest: Hashable, Sendable {
  public struct LogFile: Hashable, Sendable {
    public var bucket: String
    public var key: String
    /// Lower-case hexadecimal; of the log's bytes after gzip is undone.
    public var hash: String
  }

  public var account: String
  public var bucket: String
  public var key: String
  /// As they stand in the file: the end is part of what is signed.
  public var start: String
  public var end: String
  public var fingerprint: String
  public var algorithm: String
  public var previousBucket: String?
  public var previousKey: String?
  public var previousHash: String?
  public var previousSignature: String?
  public var logFiles: [LogFile]

  /// An hour has far fewer.
  private static let maximumLogFiles = 1 << 20

  /// - Parameter text: the file after gzip is undone. nil for anything else than a digest.
  public init?(_ text: ByteView) {
    let json = JSONView(text)
    guard let bucket = json["digestS3Bucket"]?.string, let key = json["digestS3Object"]?.string,
      let end = json["digestEndTime"]?.string, let start = json["digestStartTime"]?.string
    else { return nil }
    self.bucket = bucket
    self.key = key
    self.start = start
    self.end = end
    account = json["awsAccountId"]?.string ?? ""
    fingerprint = json["digestPublicKeyFingerprint"]?.string?.lowercased() ?? ""
    algorithm = json["digestSignatureAlgorithm"]?.string ?? ""
    previousBucket = json["previousDigestS3Bucket"]?.string
    previousKey = json["previousDigestS3Object"]?.string
    previousHash = json["previousDigestHashValue"]?.string?.lowercased()
    previousSignature = json["previousDigestSignature"]?.string
    var files: [LogFile] = []
    json["logFiles"]?.forEachElement { file in
      if let bucket = file["s3Bucket"]?.string, let key = file["s3Object"]?.string, let hash = file["hashValue"]?.string
      {
        files.append(LogFile(bucket: bucket, key: key, hash: hash.lowercased()))
      }
      return files.count < Self.maximumLogFiles
    }
    logFiles = files
  }

  /// The text that CloudTrail signs.
  ///
  /// - Parameter hash: SHA-256 of the digest's bytes after gzip is undone, in lower-case hexadecimal.
  public func signedText(hash: String) -> String {
    "\(end)\n\(bucket)/\(key)\n\(hash)\n\(previousSignature ?? "null")"
  }

  /// Which chain it belongs to: an account's trail in a region. The file's name without its time:
  /// `111122223333_CloudTrail-Digest_eu-west-1_trail_us-east-1`.
  public var chain: String {
    let name = CaseFileIndex.last(key)
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    return "\(bucket) " + (parts.count > 1 ? parts.dropLast().joined(separator: "_") : name)
  }

  public static func isNamedLikeOne(_ path: String) -> Bool {
    path.contains("CloudTrail-Digest") && !path.hasSuffix(".sig") && !path.hasSuffix(".metadata.json")
  }
}
