import Bytes

/// Why one request to S3 gave nothing, before it is decided whether to repeat it.
enum S3Fault: Error {
  /// No answer, or one that ended early.
  case transport(String)
  /// S3 said no. `code` is of its XML, letters only.
  case refused(status: Int, code: String)
  /// The bucket lies elsewhere; the client has changed its region already.
  case moved(String)
  /// The keys ended; the client has dropped them already.
  case expired
  /// The object is not any more what the listing said.
  case replaced
  /// The server answers otherwise than S3 does.
  case odd(String)
  /// Nothing that repeating could mend.
  case final(StoreError)

  /// True where the same request may do better later.
  var isPassing: Bool {
    switch self {
    case .transport, .moved, .expired: true
    case .refused(let status, let code):
      [408, 429, 500, 502, 503, 504].contains(status) || Self.passing.contains(code)
    case .replaced, .odd, .final: false
    }
  }

  private static let passing: Set<String> = [
    "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling", "ThrottlingException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "RequestThrottled", "TooManyRequests",
  ]

  /// The `Code` of an error answer: letters, digits and dots, or nil.
  static func code(in body: [UInt8]) -> String? {
    let code = field("Code", in: body)
    return code.flatMap { $0.utf8.allSatisfy { isWordByte($0) } && (1...64).contains($0.utf8.count) ? $0 : nil }
  }

  /// The region that an error answer names.
  static func region(in body: [UInt8]) -> String? { field("Region", in: body).flatMap { isRegion($0) ? $0 : nil } }

  private static func field(_ name: String, in body: [UInt8]) -> String? {
    var found: String?
    _ = body.withView { bytes in
      XMLScanner.scan(bytes) { path, text in
        if found == nil, let text, path.last == name, path.count <= 3 { found = text }
      }
    }
    return found
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x2E
  }

  /// The line for the user. What a server sent is not in it but for the code: it could hold anything.
  ///
  /// - Parameters:
  ///   - place: `s3://bucket/key`.
  ///   - keys: where the credentials come from.
  func error(at place: String, keys: String?, region: String) -> StoreError {
    switch self {
    case .final(let error): error
    case .transport(let reason):
      StoreError(.cannotRead, "\(place): \(reason), again and again: check network and endpoint, then run again")
    case .moved(let region):
      StoreError(.badSource, "\(place): the bucket is in region \(region), which does not answer: check --region")
    case .expired: StoreError(.badSource, "\(place): the credentials have expired: renew them, then run again")
    case .replaced:
      StoreError(.cannotRead, "\(place) was replaced while it was read: run again to take what is there now")
    case .odd(let what): StoreError(.cannotRead, "\(place): \(what)")
    case .refused(let status, let code):
      Self.refusal(code.isEmpty ? "\(status)" : "\(status) \(code)", status, code, place, keys ?? "no keys", region)
    }
  }

  private static func refusal(
    _ said: String, _ status: Int, _ code: String, _ place: String, _ keys: String, _ region: String
  ) -> StoreError {
    let elsewhere = "\(place): the bucket is not in region \(region) (\(said)): name its region with --region"
    switch code {
    case "NoSuchBucket": return StoreError(.badSource, "\(place): there is no such bucket: check its name")
    case "NoSuchKey", "NoSuchVersion":
      return StoreError(.cannotRead, "\(place) is not there any more: it was deleted after it was listed")
    case "InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId":
      return StoreError(.badSource, "\(place): S3 does not know the access key of \(keys) (\(said)): check it")
    case "SignatureDoesNotMatch":
      return StoreError(.badSource, "\(place): secret and access key of \(keys) do not fit (\(said)): check them")
    case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
      return StoreError(.badSource, "\(place): \(keys) have expired (\(said)): renew them, then run again")
    case "RequestTimeTooSkewed":
      return StoreError(.badSource, "\(place): this machine's clock is wrong by over 15 minutes (\(said)): set it")
    case "InvalidObjectState":
      return StoreError(.cannotRead, "\(place) is archived (Glacier): restore it in S3, then run again")
    case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect":
      return StoreError(.badSource, elsewhere)
    case "SlowDown", "TooManyRequests":
      return StoreError(.cannotRead, "\(place): S3 asks for fewer requests (\(said)): run again later to go on")
    default: break
    }
    switch status {
    case 301, 307: return StoreError(.badSource, elsewhere)
    case 401, 403:
      let needs = "need s3:ListBucket and s3:GetObject here (s3:PutObject to push)"
      return StoreError(.badSource, "\(place): access denied (\(said)): \(keys) \(needs)")
    case 404: return StoreError(.badSource, "\(place) is not there (\(said)): check bucket and key")
    case 500...:
      return StoreError(.cannotRead, "\(place): S3 fails (\(said)) again and again: run again later to go on")
    default: return StoreError(.cannotRead, "\(place): S3 refuses the request (\(said))")
    }
  }
}
