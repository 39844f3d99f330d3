/// One range of one object, fetched into a buffer: repeated, and gone on with where a connection broke.
struct RangeFetcher: Sendable {
  private let client: S3Client

  init(_ client: S3Client) { self.client = client }

  /// - Parameter flow: the connection that the range comes through with those that follow it; nil for a GET of its own.
  /// - Throws: the line for the user when it cannot be had.
  func fetch(
    _ object: S3Object, from start: UInt64, into target: UnsafeMutableRawBufferPointer, through flow: ObjectFlow? = nil,
    stop: StopFlag
  ) throws(StoreError) -> S3Facts {
    var patience = Patience(client.options)
    var filled = 0
    var facts: S3Facts?
    while true {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
      let first = start + UInt64(filled)
      let outcome =
        flow?.fill(rest, from: first) { request(object, $0, object.byteCount) }
        ?? client.once(request(object, first, start + UInt64(target.count)), into: rest, stop: stop)
      var fault = outcome.fault
      var progress = 0
      // What a broken answer brought counts too, when the answer was for what was asked.
      if let answer = outcome.answer {
        do throws(S3Fault) {
          let found = try check(
            answer, object, from: flow?.start ?? first,
            to: flow == nil ? start + UInt64(target.count) : object.byteCount)
          if let facts, facts.versionID != found.versionID { throw .replaced }
          facts = facts ?? found
          filled += answer.received
          progress = answer.received
          if let facts, filled == target.count { return facts }
          if fault == nil { fault = .transport("answers are shorter than asked for") }
        } catch {
          fault = error
        }
      }
      let error = fault ?? .odd("no answer")
      guard !stop.isSet, let delay = patience.delay(after: error, progress: progress) else {
        throw client.error(error, object.key)
      }
      Backoff.sleep(delay, stop: stop)
    }
  }

  private func request(_ object: S3Object, _ first: UInt64, _ last: UInt64) -> S3Client.Request {
    var request = S3Client.Request(key: object.key)
    // Where nothing is missing, only the facts are asked for.
    if first > 0, first == last { request.method = "HEAD" }
    // A whole object is asked for without a range: S3 then tells its checksum too.
    if first < last, first > 0 || last < object.byteCount {
      request.headers.append(("Range", "bytes=\(first)-\(last - 1)"))
    }
    if !object.etag.isEmpty { request.headers.append(("If-Match", object.etag)) }
    request.headers.append(("x-amz-checksum-mode", "ENABLED"))
    return request
  }

  /// Checks that an answer is of the version, length and place that were asked for.
  private func check(
    _ answer: WebAnswer, _ object: S3Object, from first: UInt64, to last: UInt64
  ) throws(S3Fault) -> S3Facts {
    let facts = S3Facts(answer)
    // Not every server heeds If-Match.
    if !object.etag.isEmpty, !facts.etag.isEmpty, bare(facts.etag) != bare(object.etag) { throw .replaced }
    if answer.status == 206 {
      guard first < last, let range = answer["content-range"], range.hasPrefix("bytes \(first)-\(last - 1)/") else {
        throw .odd("the server gave another range than was asked for")
      }
      let total = range.split(separator: "/").last.flatMap { UInt64($0) }
      if let total, total != object.byteCount { throw .replaced }
    } else {
      guard first == 0 || first == last else { throw .odd("the server does not give ranges of objects: it is not S3") }
      if let total = answer["content-length"].flatMap({ UInt64($0) }), total != object.byteCount { throw .replaced }
    }
    return facts
  }

  private func bare(_ etag: String) -> Substring { etag[...].drop { $0 == "\"" }.prefix { $0 != "\"" } }
}
