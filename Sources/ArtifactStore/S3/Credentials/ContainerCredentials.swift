import Bytes
import Evidence

/// The credentials endpoint of ECS tasks and EKS pods.
struct ContainerCredentials {
  private let environment: AWSEnvironment

  init(_ environment: AWSEnvironment) { self.environment = environment }

  /// - Returns: nil where no such endpoint is set.
  func fetch() throws(StoreError) -> AWSCredentials? {
    var url: String
    if let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      url = "http://169.254.170.2\(relative)"
    } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
      url = full
    } else {
      return nil
    }
    // The query is part of the address here and sent as it stands.
    let asked = url.firstIndex(of: "?").map { url[url.index(after: $0)...] }
    if let asked { url = String(url.dropLast(asked.count + 1)) }
    var endpoint = try Endpoint(url)
    let isKnown = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains(endpoint.authority)
    // The token must not leave the machine in the clear.
    guard endpoint.scheme == "https" || endpoint.isLoopback || isKnown else {
      throw StoreError(.badSource, "AWS_CONTAINER_CREDENTIALS_FULL_URI names a foreign host without TLS: not asked")
    }
    let path = endpoint.path
    endpoint.path = ""
    var request = WebRequest(endpoint: endpoint, path: path)
    request.query = asked.map { Self.pairs(String($0)) } ?? []
    var token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      guard let bytes = environment.file(file) else {
        throw StoreError(.badSource, "cannot read the token file \(file)")
      }
      token = bytes.withView { $0.trimmed.string }
    }
    if let token { request.headers.append(("Authorization", token)) }
    return try InstanceMetadata.credentials(from: request, "the container's role")
  }

  private static func pairs(_ query: String) -> [(String, String)] {
    query.split(separator: "&").map { part in
      let cut = part.firstIndex(of: "=") ?? part.endIndex
      return (percentDecoded(String(part[..<cut])), percentDecoded(String(part[cut...].dropFirst())))
    }
  }
}
