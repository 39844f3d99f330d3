import Bytes
import Evidence

/// CloudTrail digest files: `aws:cloudtrail:digest`, one event for each with what a check of the chain needs.
///
/// The check itself needs the bytes of other files and the account's public keys, so it is not made here. Fields:
/// CloudTrail User Guide, "CloudTrail digest file structure".
public struct CloudTrailDigestFormat: LogFormat {
  public let name = "aws.cloudtrail.digest"
  public let version = 4

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["digestStartTime", "digestS3Object"]) {
      $0["digestStartTime"] != nil && $0["digestS3Object"] != nil
    }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "CloudTrail digest", into: sink) { json, locator in
      guard json["digestStartTime"] != nil, json["digestS3Object"] != nil else { return false }
      sink.event(Self.event(json, locator))
      return true
    }
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event {
    var files: [String] = []
    json["logFiles"]?.forEachElement { file in
      files.append(
        "\(file["s3Bucket"]?.kept ?? "?")/\(file["s3Object"]?.kept ?? "?") \(file["hashAlgorithm"]?.kept ?? "SHA-256") "
          + (file["hashValue"]?.kept ?? "?"))
      return files.count < AWSRecords.maximumList
    }
    let account = json["awsAccountId"]?.kept
    var attributes: [Attribute] = []
    attributes.add("account", account)
    attributes.add("digest_start", json["digestStartTime"]?.kept)
    attributes.add("digest_end", json["digestEndTime"]?.kept)
    attributes.add("digest_bucket", json["digestS3Bucket"]?.kept)
    attributes.add("digest_object", json["digestS3Object"]?.kept)
    attributes.add("public_key_fingerprint", json["digestPublicKeyFingerprint"]?.kept)
    attributes.add("signature_algorithm", json["digestSignatureAlgorithm"]?.kept)
    attributes.add("previous_bucket", json["previousDigestS3Bucket"]?.kept)
    attributes.add("previous_object", json["previousDigestS3Object"]?.kept)
    attributes.add("previous_hash", json["previousDigestHashValue"]?.kept)
    attributes.add("previous_hash_algorithm", json["previousDigestHashAlgorithm"]?.kept)
    attributes.add("previous_signature", json["previousDigestSignature"]?.kept)
    attributes.add("oldest_event", json["oldestEventTime"]?.kept)
    attributes.add("newest_event", json["newestEventTime"]?.kept)
    attributes.add("log_file_count", Int64(files.count))
    attributes.add("log_files", files)
    let first = json["previousDigestS3Object"]?.kept == nil ? ", the first of its chain" : ""
    return Event(
      time: json["digestEndTime"]?.time, .end, dataType: "aws:cloudtrail:digest",
      message: "CloudTrail digest of account \(account ?? "?") from \(json["digestStartTime"]?.kept ?? "?") to "
        + "\(json["digestEndTime"]?.kept ?? "?") over \(files.count) log files\(first)",
      entities: account.map { [Entity(.account, $0)] } ?? [], attributes: attributes, locator: locator)
  }
}
