import Evidence
import Synchronization

/// Requests to one bucket: addressed, signed, repeated where that helps. Callers wait; any number of threads may call.
final class S3Client: Sendable {
  let location: S3Location
  let options: S3Options

  private let chain: CredentialChain?
  private let custom: Endpoint?
  private let addressing: S3Addressing
  private let region: Mutex<String>
  private let web: WebClient

  /// SHA-256 of nothing, which is the body of most requests.
  private static let emptyPayload = Digest(of: []).hex
  /// Seconds for one request in all: 8 MiB at 14 KB/s, so that a server that trickles does not hold us for ever.
  private static let longest = 600

  init(_ location: S3Location, _ options: S3Options) throws(StoreError) {
    self.location = location
    self.options = options
    let settings = AWSSettings(options)
    chain = options.isAnonymous ? nil : CredentialChain(settings)
    custom = try settings.endpoint(of: "S3")
    addressing = settings.addressing
    web = WebClient.shared(silence: options.silence)
    var start = try settings.chosenRegion()
    if start == nil, custom == nil { start = InstanceMetadata(options.environment).region() }
    // A bucket elsewhere says so, and is then asked there.
    region = Mutex(start ?? "us-east-1")
  }

  struct Request: Sendable {
    var method = "GET"
    /// Empty for the bucket itself.
    var key = ""
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Of the body; nil when it is empty.
    var payload: Digest?
  }

  /// The server that answers for the bucket: the same name elsewhere is another bucket.
  var server: String { custom.map { "\($0.scheme)://\($0.authority)\($0.path)" } ?? "aws" }

  /// Sends a request until it is answered well, or there is no point in going on.
  func send(_ request: Request, limit: Int = 1 << 20, stop: StopFlag? = nil) throws(StoreError) -> WebAnswer {
    var patience = Patience(options)
    while true {
      do throws(S3Fault) { return try once(request, limit: limit, stop: stop).get() } catch {
        guard let delay = patience.delay(after: error, progress: 0), stop?.isSet != true else {
          throw self.error(error, request.key)
        }
        Backoff.sleep(delay, stop: stop)
      }
    }
  }

  /// The line for the user of a fault that stays.
  func error(_ fault: S3Fault, _ key: String) -> StoreError {
    let place = key.isEmpty ? location.description : location.object(key)
    let keys = chain?.source.map { "the credentials from \($0)" }
    return fault.error(at: place, keys: keys, region: region.withLock { $0 })
  }

  /// What one request brought: an answer 2xx, a fault, or both when the answer broke off.
  struct Outcome {
    var answer: WebAnswer?
    var fault: S3Fault?

    func get() throws(S3Fault) -> WebAnswer {
      if let fault { throw fault }
      if let answer { return answer }
      throw .odd("no answer")
    }
  }

  /// Sends a request once.
  func once(
    _ request: Request, into target: UnsafeMutableRawBufferPointer? = nil, limit: Int = 1 << 20, stop: StopFlag? = nil
  ) -> Outcome {
    let signed: Signed
    do throws(S3Fault) { signed = try sign(request) } catch { return Outcome(fault: error) }
    let answer: WebAnswer
    do throws(WebFailure) {
      answer = try web.send(signed.web, into: target, limit: limit, within: Self.longest, stop: stop)
    } catch {
      return outcome(of: error)
    }
    return outcome(of: answer, signed)
  }

  /// A GET whose body is taken buffer by buffer.
  struct Flow {
    fileprivate let client: S3Client
    fileprivate let signed: Signed
    fileprivate let answer: FlowingAnswer
    let close: @Sendable () -> Void

    var secondsToAnswer: Double? { answer.secondsToAnswer }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Outcome {
      do throws(WebFailure) {
        return client.outcome(of: try answer.fill(buffer, within: Double(S3Client.longest)), signed)
      } catch {
        return client.outcome(of: error)
      }
    }
  }

  func flow(_ request: Request, stop: StopFlag) -> Result<Flow, S3Fault> {
    do throws(S3Fault) {
      let signed = try sign(request)
      do throws(WebFailure) {
        let (answer, close) = try web.flow(signed.web, stop: stop)
        return .success(Flow(client: self, signed: signed, answer: answer, close: close))
      } catch {
        return .failure(.transport(error.reason))
      }
    } catch {
      return .failure(error)
    }
  }

  /// A request as it is sent, and what it was signed with.
  fileprivate struct Signed {
    var web: WebRequest
    var keys: AWSCredentials?
    var region: String
  }

  private func sign(_ request: Request) throws(S3Fault) -> Signed {
    var keys: AWSCredentials?
    do throws(StoreError) { keys = try chain?.current() } catch { throw .final(error) }
    let here = region.withLock { $0 }
    let address = S3Address(
      bucket: location.bucket, key: request.key, region: here, custom: custom, addressing: addressing)
    let payload = request.payload?.hex ?? Self.emptyPayload
    var web = WebRequest(
      method: request.method, endpoint: address.endpoint, path: address.path, query: request.query,
      headers: request.headers, body: request.body)
    if let keys {
      web.headers.append(("x-amz-content-sha256", payload))
      web.sign(RequestSigner(credentials: keys, region: here, service: "s3"), payload: payload)
    }
    return Signed(web: web, keys: keys, region: here)
  }

  private func outcome(of answer: WebAnswer, _ signed: Signed) -> Outcome {
    if (200..<300).contains(answer.status) { return Outcome(answer: answer) }
    return Outcome(fault: fault(of: answer, used: signed.keys, in: signed.region))
  }

  private func outcome(of failure: WebFailure) -> Outcome {
    let isGood = (200..<300).contains(failure.partial.status)
    return Outcome(answer: isGood ? failure.partial : nil, fault: .transport(failure.reason))
  }

  private func fault(of answer: WebAnswer, used: AWSCredentials?, in here: String) -> S3Fault {
    let code = S3Fault.code(in: answer.body) ?? ""
    if answer.status == 412 || code == "PreconditionFailed" { return .replaced }
    if [301, 307, 400, 403].contains(answer.status) {
      let named = answer["x-amz-bucket-region"].flatMap { isRegion($0) ? $0 : nil } ?? S3Fault.region(in: answer.body)
      if let named, named != here {
        region.withLock { $0 = named }
        return .moved(named)
      }
    }
    if code == "ExpiredToken" || code == "TokenRefreshRequired", let used, chain?.renew(used) == true {
      return .expired
    }
    return .refused(status: answer.status, code: code)
  }
}

/// How long a request is repeated.
struct Patience {
  private let attempts: Int
  private let first: Double
  private var idle = 0
  private var turns = 0
  private var total = 0

  /// A server that gives a few bytes and breaks off is not followed for ever.
  private static let most = 200

  init(_ options: S3Options) {
    attempts = max(options.attempts, 1)
    first = options.firstDelay
  }

  /// Seconds to wait before the next attempt; nil when there should be none.
  ///
  /// - Parameter progress: bytes that the failed attempt brought; they give courage anew.
  mutating func delay(after fault: S3Fault, progress: Int) -> Double? {
    guard fault.isPassing else { return nil }
    total += 1
    if total >= Self.most { return nil }
    switch fault {
    case .moved, .expired:
      turns += 1
      return turns <= 3 ? 0 : nil
    default: break
    }
    idle = progress > 0 ? 1 : idle + 1
    return idle < attempts ? Backoff.delay(idle, first: first) : nil
  }
}
