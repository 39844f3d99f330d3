import Evidence

/// `s3://bucket/prefix` as a source: listed, then read object by object in order, while ranges of what follows are on their way.
///
/// Nothing is written to the bucket, and every read insists on the version that was listed.
public final class S3Source: Sendable {
  public let location: S3Location
  let client: S3Client

  /// More objects than a case has; a listing without end is a server's fault or malice.
  private static let most = 5_000_000

  /// - Throws: `badSource` for a URL, endpoint or region that cannot be one. Nothing is asked of S3 yet.
  public init(url: String, options: S3Options = S3Options()) throws(StoreError) {
    location = try S3Location(url)
    client = try S3Client(location, options)
  }

  /// All objects under the location, by name. Markers of folders (empty, ending in `/`) are not among them.
  ///
  /// - Throws: `badSource` where the bucket is not there, access is denied, or nothing lies there.
  public func list() throws(StoreError) -> [S3Object] {
    var entries: [S3ListPage.Entry] = []
    var token: String?
    repeat {
      var request = S3Client.Request()
      request.query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", location.key)]
      if let token { request.query.append(("continuation-token", token)) }
      let answer = try client.send(request, limit: 32 << 20)
      guard let page = S3ListPage(answer.body), page.continuation == nil || page.continuation != token else {
        throw StoreError(.cannotRead, "\(location): the listing is not S3's: check the endpoint")
      }
      entries += page.entries
      token = page.continuation
      guard entries.count <= Self.most, token == nil || !page.entries.isEmpty else {
        throw StoreError(.badSource, "\(location) lists without end: name a longer prefix")
      }
    } while token != nil
    var objects = named(entries, isLoose: false)
    if objects.isEmpty { objects = named(entries, isLoose: true) }
    if objects.isEmpty { throw StoreError(.badSource, "\(location) holds no object: nothing to analyze") }
    return objects.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The whole of a listing, for progress; at most what 64 bits hold, whatever the listing claims.
  public static func byteCount(of objects: [S3Object]) -> UInt64 {
    objects.reduce(0) { sum, object in
      let (next, over) = sum.addingReportingOverflow(object.byteCount)
      return over ? .max : next
    }
  }

  private func named(_ entries: [S3ListPage.Entry], isLoose: Bool) -> [S3Object] {
    entries.compactMap { entry in
      if entry.byteCount == 0, entry.key.hasSuffix("/") { return nil }
      return location.name(of: entry.key, isLoose: isLoose).map {
        S3Object(
          key: entry.key, name: $0, byteCount: entry.byteCount, etag: entry.etag, modified: entry.modified)
      }
    }
  }

  /// An object as a stream: ranges are fetched in parallel and handed out in order.
  ///
  /// - Parameter start: first byte to read.
  /// - Returns: a stream whose facts are known, since its first bytes have come.
  /// - Throws: what S3 said about it, as a line for the user.
  public func open(_ object: S3Object, from start: UInt64 = 0) throws(StoreError) -> S3ObjectStream {
    try read([(object, start)]).open(0)
  }

  /// Several objects after each other, each fetched while the one before is read.
  func read(_ objects: [(object: S3Object, start: UInt64)]) -> S3Reading { S3Reading(client, objects) }
}
