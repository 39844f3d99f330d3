@testable import ArtifactStore
import Bytes
import Testing

struct S3AnswerTests {
  private func page(_ text: String) -> S3ListPage? { S3ListPage(Array(text.utf8)) }

  @Test func readsAPage() throws {
    let found = try #require(
      page(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- of no concern --><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
        <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>1&amp;2</NextContinuationToken>
        <Contents><Key>a%2Bb+c&#x41;&#66;</Key><Size>12</Size><ETag>&quot;e1&quot;</ETag>
        <LastModified>2026-11-25T05:22:37.000Z</LastModified><Owner><ID>x</ID><Key>not this</Key></Owner></Contents>
        <Contents><Key><![CDATA[x<y]]></Key><Size/><ETag a='>'>e2</ETag></Contents></ListBucketResult>
        """))
    #expect(found.continuation == "1&2")
    #expect(found.entries.map(\.key) == ["a+b cAB", "x<y"])
    #expect(found.entries.map(\.byteCount) == [12, 0] && found.entries.map(\.etag) == ["\"e1\"", "e2"])
    #expect(found.entries[0].modified == 1_795_584_157_000_000_000 && found.entries[1].modified == nil)
  }

  /// None of these may harm, and none is a listing.
  @Test(arguments: [
    "", "<", "<<<", "<a", "<a b='", "</a>", "<!--", "<![CDATA[", "<ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key></Contents>", "<Error><Code>x</Code></Error>", "\u{0}\u{1}<a></b>",
    "<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><ListBucketResult>&b;</ListBucketResult>",
  ])
  func whatIsNoListing(text: String) {
    #expect(page(text) == nil)
  }

  @Test func deepAndLongAnswersAreRead() {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(page(deep) == nil)
    let whole = "<r>" + String(repeating: "<a>", count: 1000) + "x" + String(repeating: "</a>", count: 1000) + "</r>"
    var deepest = 0
    #expect(whole.withView { XMLScanner.scan($0) { path, _ in deepest = max(deepest, path.count) } })
    #expect(deepest == 16)
    var text = ""
    let long = "<r>" + String(repeating: "&amp;x", count: 100_000) + "</r>"
    #expect(long.withView { XMLScanner.scan($0) { _, own in text = own ?? "" } })
    #expect(text.utf8.count <= 65537 && text.hasPrefix("&x&x"))
  }

  @Test func invalidBytesAndEntitiesStay() {
    var text = ""
    let bytes: [UInt8] = Array("<r>&lol;&#xD800;&#99999999999;&".utf8) + [0xFF] + Array("</r>".utf8)
    #expect(bytes.withView { XMLScanner.scan($0) { _, own in text = own ?? "" } })
    #expect(text == "&lol;&#xD800;&#99999999999;&\u{FFFD}")
  }

  @Test func sizesThatAreNoNumbersAreZero() throws {
    let found = try #require(
      page(
        "<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents><Contents><Key>l</Key>"
          + "<Size>99999999999999999999999</Size></Contents></ListBucketResult>"))
    #expect(found.entries.map(\.byteCount) == [0, 0])
    let object = S3Object(key: "k", name: "k", byteCount: .max, etag: "", modified: nil)
    #expect(S3Source.byteCount(of: [object, object]) == .max)
  }

  @Test func anErrorsCodeIsAWordOrNothing() {
    #expect(S3Fault.code(in: Array("<Error><Code>SlowDown</Code></Error>".utf8)) == "SlowDown")
    #expect(S3Fault.code(in: Array("<Error><Code>a\u{1B}[31m b</Code></Error>".utf8)) == nil)
    #expect(S3Fault.region(in: Array("<Error><Region>evil.example/x</Region></Error>".utf8)) == nil)
    #expect(S3Fault.region(in: Array("<Error><Region>eu-west-1</Region></Error>".utf8)) == "eu-west-1")
  }

  /// Each refusal is one line that names the place and says what to do.
  @Test(arguments: [
    (403, "AccessDenied", "s3:GetObject"), (403, "ExpiredToken", "renew"), (403, "InvalidAccessKeyId", "check it"),
    (403, "SignatureDoesNotMatch", "check them"), (403, "RequestTimeTooSkewed", "clock"),
    (403, "InvalidObjectState", "restore"), (404, "NoSuchBucket", "check its name"), (404, "NoSuchKey", "deleted"),
    (404, "", "check bucket"), (301, "PermanentRedirect", "--region"), (503, "SlowDown", "later"),
    (500, "InternalError", "later"), (418, "", "refuses"),
  ])
  func refusalsSayWhatToDo(status: Int, code: String, word: String) {
    let error = S3Fault.refused(status: status, code: code).error(at: "s3://b/k", keys: "the keys", region: "r")
    #expect(error.reason.hasPrefix("s3://b/k") && error.reason.contains(word) && !error.reason.contains("\n"))
  }
}
