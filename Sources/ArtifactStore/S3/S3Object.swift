import Evidence

/// An object as the listing has it.
public struct S3Object: Hashable, Sendable {
  public var key: String
  /// The key under the location that was asked for: the path of its sighting.
  public var name: String
  public var byteCount: UInt64
  /// As S3 says it, with its quotation marks; every read insists on it.
  public var etag: String
  /// Nanoseconds since 1970.
  public var modified: Int64?
}

/// What S3 says about an object when it is read: kept, because digests of CloudTrail are signed in `x-amz-meta-signature` and
/// nowhere else.
public struct S3Facts: Hashable, Sendable {
  public var etag = ""
  public var versionID: String?
  /// User metadata without its `x-amz-meta-`, sorted by name.
  public var metadata: [Attribute] = []
  /// SHA-256 of the whole object in Base64, where whoever uploaded it had it made.
  public var checksum: String?

  public init() {}

  init(_ answer: WebAnswer) {
    etag = answer["etag"] ?? ""
    versionID = answer["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
    if answer["x-amz-checksum-type"] ?? "FULL_OBJECT" == "FULL_OBJECT", answer.status == 200 {
      // A composite checksum (of the parts' checksums) ends in the number of parts.
      checksum = answer["x-amz-checksum-sha256"].flatMap { $0.contains("-") ? nil : $0 }
    }
    for (name, value) in answer.headers where name.hasPrefix("x-amz-meta-") {
      metadata.append(Attribute(String(name.dropFirst("x-amz-meta-".count)), value))
    }
    metadata.sort { $0.name < $1.name }
  }

  /// For custody: `etag`, `version`, `meta.NAME`.
  public var attributes: [Attribute] {
    var all = [Attribute("etag", etag)]
    all.add("version", versionID)
    return all + metadata.map { Attribute("meta.\($0.name)", $0.value) }
  }
}
