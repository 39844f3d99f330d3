import Bytes
import COpenSSL
import Evidence

/// AWS Signature Version 4 in the `Authorization` header, for services that sign the path as it is sent (S3, and STS whose path
/// is `/`).
struct RequestSigner {
  var credentials: AWSCredentials
  var region: String
  var service: String

  /// Headers with `Host`, `X-Amz-Date`, the token and the signature added.
  ///
  /// - Parameters:
  ///   - path: percent-encoded as it is sent.
  ///   - query: not encoded.
  ///   - headers: all of them are signed.
  ///   - payload: SHA-256 of the body in hexadecimal.
  ///   - time: as `20150830T123600Z`.
  func sign(
    _ method: String, host: String, path: String, query: [(String, String)], headers: [(String, String)],
    payload: String, time: String
  ) -> [(String, String)] {
    var all = headers + [("Host", host), ("X-Amz-Date", time)]
    if let token = credentials.token { all.append(("X-Amz-Security-Token", token)) }
    let folded = all.map { (name: $0.0.lowercased(), value: Self.folded($0.1)) }.sorted { $0.name < $1.name }
    let names = folded.map(\.name).joined(separator: ";")
    let canonical = [
      method, path, Self.canonical(query), folded.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
    ].joined(separator: "\n")
    let day = String(time.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Digest(of: Array(canonical.utf8)).hex)"
    var key = Array("AWS4\(credentials.secretKey)".utf8)
    for part in [day, region, service, "aws4_request"] { key = Self.authenticate(Array(part.utf8), key) }
    let signature = hexadecimal(Self.authenticate(Array(text.utf8), key))
    all.append(
      (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
      ))
    return all
  }

  /// Encoded and sorted: the form that is signed, and a valid one to send.
  static func canonical(_ query: [(String, String)]) -> String {
    query.map { (percentEncoded($0.0), percentEncoded($0.1)) }.sorted { $0 < $1 }.map { "\($0)=\($1)" }
      .joined(separator: "&")
  }

  /// Without white space at the ends, and one space for a run of them.
  private static func folded(_ value: String) -> String {
    value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }

  /// HMAC-SHA256; empty when OpenSSL refused, which no server accepts as a key.
  static func authenticate(_ message: [UInt8], _ key: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 32)
    var count = 0
    let made = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &out, 32, &count)
    return made == nil || count != 32 ? [] : out
  }
}
