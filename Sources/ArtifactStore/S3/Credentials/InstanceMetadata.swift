import Bytes
import Evidence

/// The metadata service of an EC2 instance, in its second version only: what is read needs a token that a forged request does
/// not get.
struct InstanceMetadata {
  private let environment: AWSEnvironment

  init(_ environment: AWSEnvironment) { self.environment = environment }

  private var isDisabled: Bool { environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" }

  /// The keys of the instance's role.
  ///
  /// - Returns: nil where there is no such service (this is not an instance), or no role.
  func credentials() throws(StoreError) -> AWSCredentials? {
    let roles = "/latest/meta-data/iam/security-credentials/"
    guard let (endpoint, token) = try session(),
      let first = text(endpoint, token, roles)?.split(whereSeparator: \.isNewline).first.map(String.init)
    else { return nil }
    var request = WebRequest(endpoint: endpoint, path: endpoint.path + roles + percentEncoded(first))
    request.headers = [("X-aws-ec2-metadata-token", token)]
    return try Self.credentials(from: request, "the instance's role")
  }

  /// The instance's region; nil elsewhere.
  func region() -> String? {
    guard let (endpoint, token) = try? session() else { return nil }
    return text(endpoint, token, "/latest/meta-data/placement/region").flatMap { isRegion($0) ? $0 : nil }
  }

  private func session() throws(StoreError) -> (Endpoint, token: String)? {
    if isDisabled { return nil }
    let endpoint = try Endpoint(environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254")
    var request = WebRequest(method: "PUT", endpoint: endpoint, path: endpoint.path + "/latest/api/token")
    request.headers = [("X-aws-ec2-metadata-token-ttl-seconds", "21600")]
    // One second: elsewhere than on an instance nobody answers, and everybody would wait for it.
    guard let answer = try? WebClient.shared().send(request, limit: 4096, within: 1), answer.status == 200 else {
      return nil
    }
    return (endpoint, String(decoding: answer.body, as: UTF8.self))
  }

  private func text(_ endpoint: Endpoint, _ token: String, _ path: String) -> String? {
    var request = WebRequest(endpoint: endpoint, path: endpoint.path + path)
    request.headers = [("X-aws-ec2-metadata-token", token)]
    guard let answer = try? WebClient.shared().send(request, limit: 65536, within: 2), answer.status == 200 else {
      return nil
    }
    return answer.body.withView { $0.trimmed.string }
  }

  /// Reads the JSON that containers and instances answer alike.
  static func credentials(from request: WebRequest, _ source: String) throws(StoreError) -> AWSCredentials {
    var failure = ""
    for attempt in 0..<3 {
      if attempt > 0 { Backoff.sleep(Backoff.delay(attempt, first: 0.2), stop: nil) }
      do throws(WebFailure) {
        let answer = try WebClient.shared().send(request, limit: 65536, within: 5)
        if answer.status == 200, let found = read(answer.body, source) { return found }
        failure = "answered \(answer.status) without credentials"
      } catch {
        failure = error.reason
      }
    }
    throw StoreError(.badSource, "\(source) gives no credentials: \(failure)")
  }

  private static func read(_ body: [UInt8], _ source: String) -> AWSCredentials? {
    body.withView { text in
      let json = JSONView(text)
      guard let key = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string else { return nil }
      return AWSCredentials(
        accessKey: key, secretKey: secret, token: json["Token"]?.string,
        expires: json["Expiration"]?.string.flatMap { Timestamp(iso8601: $0) }.map { $0.nanoseconds / 1_000_000_000 },
        source: source)
    }
  }
}
