@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: LocalServer.hasMoto, LocalS3.without))
struct S3SourceTests {
  private let s3: LocalS3

  init() throws { s3 = try LocalS3() }

  private func source(_ key: String = "", _ change: (inout S3Options) -> Void = { _ in }) throws -> S3Source {
    var options = s3.options
    options.rangeSize = 1 << 16
    options.isTryingOneConnection = false
    change(&options)
    return try S3Source(url: s3.url(key), options: options)
  }

  private func read(_ key: String, _ change: (inout S3Options) -> Void = { _ in }) throws -> [UInt8] {
    let source = try source(key, change)
    return try source.open(try #require(try source.list().first)).all()
  }

  /// The server gives three keys a page.
  @Test func listsAllPagesByName() throws {
    let names = ["a b", "a+b", "a:b", "한국어.log", "%41", "x//y", "~", "q?x=1&y=2#f", "<&>'\"", "./..", "t\u{1}"]
    for name in names { try s3.put("case/\(name)", name) }
    try s3.put("case/", "")
    try s3.put("case-2/other", "x")
    let source = try source("case")
    let found = try source.list()
    #expect(found.map(\.name) == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    for object in found {
      #expect(String(decoding: try source.open(object).all(), as: UTF8.self) == object.name)
      #expect(object.modified != nil && !object.etag.isEmpty)
    }
    #expect(try self.source("case-").list().map(\.name) == ["case-2/other"])
  }

  @Test func rangesComeInOrder() throws {
    let bytes = pattern(1_000_003)
    try s3.put("large", bytes)
    #expect(try read("large") == bytes)
    let source = try source("large")
    let object = try #require(try source.list().first)
    #expect(try source.open(object, from: 999_999).all() == Array(bytes[999_999...]))
  }

  @Test func oneConnectionGivesAWholeObjectOrItsRest() throws {
    let bytes = pattern(1_000_003)
    try s3.put("large", bytes)
    // With one connection allowed, no measurement makes it ranges.
    let source = try source("large") {
      $0.isTryingOneConnection = true
      $0.connections = 1
    }
    let object = try #require(try source.list().first)
    try s3.spoil("[]")
    #expect(try source.open(object).all() == bytes)
    #expect(try source.open(object, from: 300_001).all() == Array(bytes[300_001...]))
    let asked = try s3.requests()
    #expect(asked.contains("bytes=300001-1000002") && !asked.contains("bytes=65536-131071"))
  }

  /// The server breaks off in the middle of the second range's bytes: what came is kept, and a new connection goes on behind it.
  @Test func aBrokenConnectionIsGoneOnWithWhereItBroke() throws {
    let bytes = pattern(900_000)
    try s3.put("object", bytes)
    try s3.spoil(#"[{"match": "GET /\#(s3.bucket)/object", "times": 1, "do": {"reset": 100000}}]"#)
    #expect(try read("object") { $0.isTryingOneConnection = true } == bytes)
    #expect(try s3.requests().contains("bytes=100000-899999"))
  }

  @Test func anObjectReplacedWhileItsConnectionBrokeIsNotMixed() throws {
    try s3.put("object", pattern(900_000))
    let source = try source("object") { $0.isTryingOneConnection = true }
    let object = try #require(try source.list().first)
    try s3.spoil(#"[{"match": "GET /\#(s3.bucket)/object", "times": 1, "do": {"reset": 100000}}]"#)
    let stream = try source.open(object)
    try s3.put("object", [UInt8](repeating: 7, count: 900_000))
    do {
      _ = try stream.all()
      Issue.record("two versions were mixed")
    } catch { #expect("\(error)".contains("replaced")) }
  }

  @Test(arguments: [#"{"status": 503, "code": "SlowDown"}"#, #"{"short": 12345}"#, #"{"stall": 9}"#, #"{"reset": 0}"#])
  func oneConnectionPasses(fault: String) throws {
    let bytes = pattern(300_000)
    try s3.put("object", bytes)
    try s3.spoil(#"[{"match": "/object", "skip": 1, "times": 1, "do": \#(fault)}]"#)
    #expect(try read("object") { $0.isTryingOneConnection = true } == bytes)
  }

  @Test func metadataAndVersionAreKept() throws {
    try s3.put("digest", Array("{}".utf8), metadata: [("signature", "0a1b"), ("Z", "2")])
    let source = try source("digest")
    let facts = try source.open(try #require(try source.list().first)).facts
    #expect(facts.metadata == [Attribute("signature", "0a1b"), Attribute("z", "2")])
    #expect(facts.attributes.map(\.name) == ["etag", "meta.signature", "meta.z"])
  }

  @Test func whatCannotBeIsSaidPlainly() throws {
    #expect(throws: StoreError(.badSource, "")) { try source("nothing").list() }
    let missing = try S3Source(url: "s3://no-such-bucket-here/x", options: s3.options)
    do {
      _ = try missing.list()
      Issue.record("listed a bucket that is not there")
    } catch { #expect(error.code == .badSource && error.reason.contains("no such bucket")) }
  }

  // MARK: - Faults

  /// Each passes when it happens once, and the bytes are those of the object.
  @Test(arguments: [
    #"{"status": 503, "code": "SlowDown"}"#, #"{"status": 500, "code": "InternalError"}"#, #"{"status": 429}"#,
    #"{"reset": 30000}"#, #"{"reset": 0}"#, #"{"short": 12345}"#, #"{"short": 0}"#, #"{"stall": 9}"#,
    #"{"lie": 10}"#,
  ])
  func passes(fault: String) throws {
    let bytes = pattern(300_000)
    try s3.put("object", bytes)
    let once = #"{"match": "/object", "skip": 1, "times": 1, "do": \#(fault)}"#
    try s3.spoil("[\(once)]")
    #expect(try read("object") == bytes)
  }

  @Test func aBrokenAnswerIsGoneOnWithWhereItBroke() throws {
    let bytes = pattern(60_000)
    try s3.put("object", bytes)
    try s3.spoil(#"[{"match": "GET /\#(s3.bucket)/object", "times": 2, "do": {"reset": 20000}}]"#)
    #expect(try read("object") == bytes)
    #expect(try s3.requests().contains("bytes=20000-59999"))
  }

  @Test(arguments: [
    (#"{"status": 503, "code": "SlowDown"}"#, "fewer requests"),
    (#"{"status": 403, "code": "AccessDenied"}"#, "access denied"),
    (#"{"status": 404, "code": "NoSuchKey"}"#, "deleted"),
    (#"{"status": 412, "code": "PreconditionFailed"}"#, "replaced"), (#"{"etag": "\"other\""}"#, "replaced"),
    (#"{"plain": true}"#, "s3://"), (#"{"reset": 0}"#, "again and again"),
    (#"{"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}"#, "refuses"),
  ])
  func endsWithOneLineThatSaysWhy(fault: String, word: String) throws {
    try s3.put("object", pattern(200_000))
    let source = try source("object")
    let object = try #require(try source.list().first)
    try s3.spoil(#"[{"match": "/object", "times": 99, "do": \#(fault)}]"#)
    do {
      _ = try source.open(object).all()
      Issue.record("\(fault) went unseen")
    } catch {
      let text = "\(error)"
      #expect(text.contains(word) && text.contains("s3://\(s3.bucket)/object") && !text.contains("\n"))
      #expect(!text.contains("not-told"))
    }
  }

  @Test func anObjectReplacedBetweenTwoRangesIsNotMixed() throws {
    try s3.put("object", pattern(900_000))
    let source = try source("object") { $0.connections = 1 }
    let stream = try source.open(try #require(try source.list().first))
    try s3.put("object", [UInt8](repeating: 7, count: 900_000))
    do {
      _ = try stream.all()
      Issue.record("two versions were mixed")
    } catch { #expect("\(error)".contains("replaced")) }
  }

  @Test(arguments: [
    #"{"status": 301, "headers": {"x-amz-bucket-region": "eu-west-1"}}"#,
    #"{"status": 400, "code": "AuthorizationHeaderMalformed", "region": "eu-west-1"}"#,
  ])
  func aBucketElsewhereIsAskedThere(fault: String) throws {
    try s3.put("object", "text")
    try s3.spoil(#"[{"match": "list-type", "do": \#(fault)}]"#)
    #expect(try read("object") == Array("text".utf8))
    let asked = try s3.requests()
    #expect(asked.contains("/us-east-1/s3/") && asked.contains("/eu-west-1/s3/"))
  }

  @Test func regionsThatChaseUsAreLeft() throws {
    try s3.spoil(
      #"[{"times": 99, "do": {"status": 301, "headers": {"x-amz-bucket-region": "eu-west-1"}}},"#
        + #"{"times": 99, "do": {"status": 301}}]"#)
    #expect(throws: StoreError(.badSource, "")) { try source("x").list() }
  }

  @Test func anExpiredTokenIsRenewedOnce() throws {
    try s3.put("object", "text")
    let port = s3.proxy.port
    try s3.spoil(#"[{"match": "list-type", "do": {"status": 400, "code": "ExpiredToken"}}]"#)
    let bytes = try read("object") {
      $0.environment.variables = [
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod-token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(port)/container",
      ]
    }
    let asked = try s3.requests()
    #expect(bytes == Array("text".utf8))
    #expect(asked.contains("role-token-1") && asked.contains("role-token-2"))
  }

  @Test func nothingIsSignedWhenAnonymous() throws {
    try s3.put("object", "text")
    try s3.spoil("[]")
    // The server keeps a private bucket from strangers, which shows that no one's name was given.
    #expect(throws: StoreError.self) { try read("object") { $0.isAnonymous = true } }
    let asked = try s3.requests()
    #expect(asked.contains(s3.bucket) && !asked.contains("AWS4-HMAC-SHA256"))
  }

  @Test func aListingWithoutEndIsLeft() throws {
    try s3.spoil(#"[{"times": 999, "do": {"status": 200, "code": "x"}}]"#)
    #expect(throws: StoreError(.cannotRead, "")) { try source("x").list() }
  }

  @Test func aStreamThatIsLetGoEndsItsThreads() throws {
    try s3.put("object", pattern(900_000))
    let source = try source("object")
    let object = try #require(try source.list().first)
    for _ in 0..<5 {
      let stream = try source.open(object)
      var byte: UInt8 = 0
      #expect(try withUnsafeMutableBytes(of: &byte) { try stream.read(into: $0) } == 1)
    }
  }
}
