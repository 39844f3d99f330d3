@testable import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

struct RequestSignerTests {
  private static let empty = Digest(of: []).hex

  private func signature(_ headers: [(String, String)]) -> String {
    let all = headers.first { $0.0 == "Authorization" }?.1 ?? ""
    return String(all.split(separator: "Signature=").last ?? "")
  }

  private func signer(_ secret: String, _ service: String) -> RequestSigner {
    let key = secret.contains("+") ? "AKIDEXAMPLE" : "AKIAIOSFODNN7EXAMPLE"
    return RequestSigner(
      credentials: AWSCredentials(accessKey: key, secretKey: secret, token: nil, expires: nil, source: "a test"),
      region: "us-east-1", service: service)
  }

  /// The cases of AWS's published test suite that do not depend on normalizing paths, which S3 does not.
  @Test(
    arguments: [
      ("GET", "/", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
      ("POST", "/", [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
      (
        "GET", "/", [("Param2", "value2"), ("Param1", "value1")],
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
      ),
      ("GET", "/%E1%88%B4", [], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ] as [(String, String, [(String, String)], String)])
  func testSuite(method: String, path: String, query: [(String, String)], expected: String) {
    let headers = signer("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "service").sign(
      method, host: "example.amazonaws.com", path: path, query: query, headers: [], payload: Self.empty,
      time: "20150830T123600Z")
    #expect(signature(headers) == expected)
  }

  /// The worked examples of the S3 API reference.
  @Test(
    arguments: [
      (
        "/test.txt", [], [("Range", "bytes=0-9")],
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
      ),
      (
        "/", [("prefix", "J"), ("max-keys", "2")], [],
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
      ),
      ("/", [("lifecycle", "")], [], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ] as [(String, [(String, String)], [(String, String)], String)])
  func examplesOfS3(path: String, query: [(String, String)], headers: [(String, String)], expected: String) {
    let signed = signer("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "s3").sign(
      "GET", host: "examplebucket.s3.amazonaws.com", path: path, query: query,
      headers: headers + [("x-amz-content-sha256", Self.empty)], payload: Self.empty, time: "20130524T000000Z")
    #expect(signature(signed) == expected)
  }

  @Test func anUploadWithAStorageClass() {
    let payload = Digest(of: Array("Welcome to Amazon S3.".utf8)).hex
    let signed = signer("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "s3").sign(
      "PUT", host: "examplebucket.s3.amazonaws.com", path: "/" + percentEncoded("test$file.text"), query: [],
      headers: [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", payload),
      ], payload: payload, time: "20130524T000000Z")
    #expect(signature(signed) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
  }

  /// Keys that signers get wrong, signed by both.
  @Test(.enabled(if: LocalServer.hasBotocore, "needs botocore"))
  func agreesWithBotocore() throws {
    let keys = [
      "plain.txt", "a:b", "a+b", "a b", "한국어/로그.gz", "a//b", "/front", "100%", "%41", "~tilde", "..", "a/./../b", "a/",
      "quote'\"<>&", "q?x=1#f", "é", "e\u{301}", "tab\tline\n", "*()!$;,=@[]",
    ]
    var cases: [[String: Any]] = []
    var expected: [String] = []
    for token in [nil, "tok/en+=="] as [String?] {
      for key in keys {
        let address = S3Address(
          bucket: "bucket-1", key: key, region: "ap-northeast-2", custom: nil, addressing: token == nil ? .auto : .path)
        var request = WebRequest(endpoint: address.endpoint, path: address.path)
        request.query = [("prefix", key), ("list-type", "2"), ("empty", "")]
        let signer = RequestSigner(
          credentials: AWSCredentials(
            accessKey: "AKIDEXAMPLE", secretKey: "s+/=", token: token, expires: nil, source: ""),
          region: "ap-northeast-2", service: "s3")
        let headers = [("Range", "bytes=0-9"), ("If-Match", "\"abc\"")]
        let signed = signer.sign(
          "GET", host: request.endpoint.authority, path: request.path, query: request.query,
          headers: headers + [("x-amz-content-sha256", Self.empty)], payload: Self.empty, time: "20261125T052237Z")
        expected.append(signed.first { $0.0 == "Authorization" }?.1 ?? "")
        var one: [String: Any] = [
          "method": "GET", "url": request.url, "headers": Dictionary(uniqueKeysWithValues: headers), "body": "",
          "time": "20261125T052237Z", "key": "AKIDEXAMPLE", "secret": "s+/=", "region": "ap-northeast-2",
        ]
        one["token"] = token
        cases.append(one)
      }
    }
    let input = String(decoding: try JSONSerialization.data(withJSONObject: cases), as: UTF8.self)
    let result = try runProgram(
      "/usr/bin/env", ["python3", "\(PackageFiles.root)/Tests/S3/signatures.py"], input: input)
    let theirs = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String] ?? []
    #expect(theirs == expected)
  }

  @Test func credentialsDoNotShowThemselves() {
    let keys = AWSCredentials(accessKey: "AKIA1", secretKey: "hidden", token: "hidden", expires: nil, source: "a test")
    #expect("\(keys) \(String(reflecting: keys))".contains("a test"))
    #expect(!"\(keys) \(String(reflecting: keys)) \(Array(Mirror(reflecting: keys).children))".contains("hidden"))
  }
}
