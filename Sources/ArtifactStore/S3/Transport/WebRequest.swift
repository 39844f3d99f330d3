import Evidence

/// One request of HTTP, as plain values.
struct WebRequest: Sendable {
  var method = "GET"
  var endpoint: Endpoint
  /// Percent-encoded, sent as it is.
  var path: String
  /// Not encoded.
  var query: [(String, String)] = []
  var headers: [(String, String)] = []
  var body: [UInt8] = []

  var url: String {
    let asked = RequestSigner.canonical(query)
    return "\(endpoint.scheme)://\(endpoint.authority)\(path.isEmpty ? "/" : path)\(asked.isEmpty ? "" : "?\(asked)")"
  }

  /// Signs the request with the clock's time.
  mutating func sign(_ signer: RequestSigner, payload: String) {
    let time = Timestamp.now.description.filter { $0 != "-" && $0 != ":" }
    headers = signer.sign(
      method, host: endpoint.authority, path: path.isEmpty ? "/" : path, query: query, headers: headers,
      payload: payload, time: time)
  }
}

/// What a server answered. Names of headers are in small letters.
struct WebAnswer: Sendable {
  var status: Int
  var headers: [(name: String, value: String)]
  /// Of an answer that did not go into a buffer of the caller's; at most the limit that was asked for.
  var body: [UInt8]
  /// Bytes of the body that came.
  var received: Int

  subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// An exchange that did not come to its end.
struct WebFailure: Error {
  /// For people; holds no header and no URL.
  var reason: String
  /// What came before: its bytes lie in the caller's buffer already, so the next request may ask for what follows.
  var partial: WebAnswer
}
