@testable import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

/// moto behind the proxy that spoils answers, with a bucket of the test's own.
final class LocalS3: Sendable {
  static let without: Comment = "needs moto: pip install 'moto[server]'"

  private static let moto = Result { try LocalServer("server.py") }

  let proxy: LocalServer
  let bucket = "b\(UUID().uuidString.lowercased())"

  init() throws {
    let moto = try Self.moto.get()
    proxy = try LocalServer("faults.py", [moto.port])
    _ = try client().send(S3Client.Request(method: "PUT"))
  }

  var options: S3Options {
    var options = S3Options()
    options.endpointURL = "http://127.0.0.1:\(proxy.port)"
    options.region = "us-east-1"
    options.firstDelay = 0.01
    options.attempts = 4
    options.silence = 6
    options.environment = AWSEnvironment(
      variables: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-told"], home: "/nonexistent")
    return options
  }

  func url(_ key: String = "") -> String { "s3://\(bucket)/\(key)" }

  func client() throws -> S3Client { try S3Client(try S3Location(url()), options) }

  func put(_ key: String, _ body: [UInt8], metadata: [(String, String)] = []) throws {
    let headers = metadata.map { ("x-amz-meta-\($0.0)", $0.1) }
    _ = try client().send(S3Push.put(key, body, Digest(of: body), headers: headers))
  }

  func put(_ key: String, _ text: String) throws { try put(key, Array(text.utf8)) }

  /// Puts rules of the proxy in place, as JSON.
  func spoil(_ rules: String) throws { _ = try ask("POST", "/_faults", rules) }

  /// The requests since the rules were put in place, as JSON.
  func requests() throws -> String { try ask("GET", "/_requests", "") }

  private func ask(_ method: String, _ path: String, _ body: String) throws -> String {
    var request = WebRequest(method: method, endpoint: try Endpoint("http://127.0.0.1:\(proxy.port)"), path: path)
    request.body = Array(body.utf8)
    return String(decoding: try WebClient.shared().send(request, within: 10).body, as: UTF8.self)
  }
}

/// Bytes that differ from place to place, with a run of zeros.
func pattern(_ count: Int) -> [UInt8] {
  var state: UInt32 = 1
  var bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
    for index in 0..<count {
      state = state &* 1_664_525 &+ 1_013_904_223
      buffer[index] = UInt8(truncatingIfNeeded: state >> 24)
    }
    filled = count
  }
  for index in count / 3..<count / 2 { bytes[index] = 0 }
  return bytes
}

extension S3ObjectStream {
  func all() throws -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 50_000, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try read(into: buffer)
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
