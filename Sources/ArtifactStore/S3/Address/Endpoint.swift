import Foundation

/// A server: `http://127.0.0.1:9000`, `https://s3.ap-northeast-2.amazonaws.com`.
struct Endpoint: Hashable, Sendable {
  var scheme: String
  /// Host, and the port where it is not the scheme's own: as the `Host` header says it.
  var authority: String
  /// Before every path; no slash at its end.
  var path = ""

  init(scheme: String, authority: String) {
    self.scheme = scheme
    self.authority = authority
  }

  /// - Throws: `badSource` for what is not a URL of a server.
  init(_ url: String) throws(StoreError) {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
      scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty, parts.user == nil,
      parts.query == nil,
      (1...65535).contains(parts.port ?? 443)
    else { throw StoreError(.badSource, "the endpoint is not a URL of a server: write https://host:port") }
    self.scheme = scheme
    let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : ":\($0)" } ?? ""
    authority = host + port
    path = String(parts.percentEncodedPath.reversed().drop { $0 == "/" }.reversed())
  }

  /// Of an AWS service in a region; the region was checked to be letters, digits and hyphens.
  init(service: String, region: String) {
    self.init(
      scheme: "https", authority: "\(service).\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")")
  }

  /// True where bytes in the clear stay on this machine.
  var isLoopback: Bool {
    authority.hasPrefix("127.") || authority.hasPrefix("localhost") || authority.hasPrefix("[::1]")
  }
}

/// True for what can be a region's name, which becomes part of a host name.
func isRegion(_ text: String) -> Bool {
  (1...32).contains(text.utf8.count)
    && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
}

/// Where a bucket is asked for: in the host's name or in the path.
public enum S3Addressing: String, Sendable, CaseIterable {
  /// AWS by host name unless the bucket's name has a dot (its certificate would not fit); other servers by path.
  case auto
  case path
  case virtual
}

/// The endpoint and path of a key in a bucket.
struct S3Address {
  var endpoint: Endpoint
  /// Percent-encoded.
  var path: String

  init(bucket: String, key: String, region: String, custom: Endpoint?, addressing: S3Addressing) {
    var server = custom ?? Endpoint(service: "s3", region: region)
    let fits = bucket.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    let inHost =
      switch addressing {
      case .path: false
      case .virtual: true
      case .auto: custom == nil && fits
      }
    let encoded = percentEncoded(key, keepingSlash: true)
    if inHost {
      server.authority = "\(bucket).\(server.authority)"
      path = "\(server.path)/\(encoded)"
    } else {
      path = "\(server.path)/\(percentEncoded(bucket))" + (key.isEmpty ? "" : "/\(encoded)")
    }
    endpoint = server
  }
}
