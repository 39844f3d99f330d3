import Bytes
import Evidence

/// AWS STS: the keys of a role, for a token of a web identity or for other keys.
struct SecurityTokens {
  private let settings: AWSSettings

  init(_ settings: AWSSettings) { self.settings = settings }

  /// AssumeRoleWithWebIdentity: nothing is signed, the token is the proof.
  func assume(
    role: String, session: String?, webIdentity file: String, source: String
  ) throws(StoreError) -> AWSCredentials {
    guard let bytes = settings.environment.file(file) else {
      throw StoreError(.badSource, "cannot read the web identity token \(file)")
    }
    let token = bytes.withView { $0.trimmed.string }
    return try ask("AssumeRoleWithWebIdentity", role, session, [("WebIdentityToken", token)], signing: nil, source)
  }

  /// AssumeRole with keys at hand.
  func assume(
    role: String, session: String?, externalID: String?, with keys: AWSCredentials, source: String
  ) throws(StoreError) -> AWSCredentials {
    try ask("AssumeRole", role, session, externalID.map { [("ExternalId", $0)] } ?? [], signing: keys, source)
  }

  private func ask(
    _ action: String, _ role: String, _ session: String?, _ more: [(String, String)], signing keys: AWSCredentials?,
    _ source: String
  ) throws(StoreError) -> AWSCredentials {
    let region = try settings.chosenRegion() ?? "us-east-1"
    let form =
      [
        ("Action", action), ("Version", "2011-06-15"), ("RoleArn", role),
        ("RoleSessionName", session ?? "ir-analyze"),
      ] + more
    let endpoint = try settings.endpoint(of: "STS") ?? Endpoint(service: "sts", region: region)
    var request = WebRequest(method: "POST", endpoint: endpoint, path: endpoint.path)
    request.headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
    request.body = Array(RequestSigner.canonical(form).utf8)
    let payload = Digest(of: request.body).hex
    let plain = request
    var failure = ""
    for attempt in 0..<4 {
      if attempt > 0 { Backoff.sleep(Backoff.delay(attempt, first: 0.2), stop: nil) }
      request = plain
      if let keys { request.sign(RequestSigner(credentials: keys, region: region, service: "sts"), payload: payload) }
      do throws(WebFailure) {
        let answer = try WebClient.shared().send(request, within: 20)
        if answer.status == 200, let found = Self.read(answer.body, source) { return found }
        failure = S3Fault.code(in: answer.body).map { "\(answer.status) \($0)" } ?? "\(answer.status)"
        if answer.status < 500, answer.status != 429 { break }
      } catch {
        failure = error.reason
      }
    }
    throw StoreError(
      .badSource,
      "\(source): AWS STS does not give the role \(printable(role, 200)) (\(failure)): check its trust policy")
  }

  private static func read(_ body: [UInt8], _ source: String) -> AWSCredentials? {
    var values: [String: String] = [:]
    let isWhole = body.withView { bytes in
      XMLScanner.scan(bytes) { path, text in
        if let text, path.count == 4, path[2] == "Credentials" { values[path[3]] = text }
      }
    }
    guard isWhole, let key = values["AccessKeyId"], let secret = values["SecretAccessKey"] else { return nil }
    return AWSCredentials(
      accessKey: key, secretKey: secret, token: values["SessionToken"],
      expires: values["Expiration"].flatMap { Timestamp(iso8601: $0) }.map { $0.nanoseconds / 1_000_000_000 },
      source: source)
  }
}
