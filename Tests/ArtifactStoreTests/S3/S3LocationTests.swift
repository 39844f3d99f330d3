@testable import ArtifactStore
import Testing

struct S3LocationTests {
  @Test func readsBucketAndKey() throws {
    let location = try S3Location("s3://evidence/i-0abc/2026 11/%41//")
    #expect(location.bucket == "evidence" && location.key == "i-0abc/2026 11/%41//")
    #expect(try S3Location("S3://evidence").description == "s3://evidence")
  }

  @Test(arguments: [
    "s3://", "s3:///key", "s3:/b/k", "https://b/k", "s3://a b/k", "s3://b@evil.example/k", "s3://b:80/k", "",
  ])
  func refusesOthers(url: String) {
    #expect(throws: StoreError(.badSource, "")) { try S3Location(url) }
  }

  @Test func aPrefixMeansTheObjectAndTheFolder() throws {
    let location = try S3Location("s3://b/logs/case")
    #expect(location.name(of: "logs/case", isLoose: false) == "case")
    #expect(location.name(of: "logs/case/a/b.gz", isLoose: false) == "a/b.gz")
    #expect(location.name(of: "logs/case-2/b.gz", isLoose: false) == nil)
    #expect(location.name(of: "logs/case-2/b.gz", isLoose: true) == "case-2/b.gz")
    #expect(location.name(of: "other", isLoose: true) == nil)
    #expect(try S3Location("s3://b/logs/").name(of: "logs/a", isLoose: false) == "a")
    #expect(try S3Location("s3://b/logs/").name(of: "logs/", isLoose: false) == "logs/")
    #expect(try S3Location("s3://b").name(of: "/lead", isLoose: false) == "/lead")
  }

  @Test func encodesEveryByteButTheUnreserved() {
    #expect(percentEncoded("a b/한~%+:", keepingSlash: true) == "a%20b/%ED%95%9C~%25%2B%3A")
    #expect(percentEncoded("a/b") == "a%2Fb")
  }

  @Test func decodesAListing() {
    #expect(percentDecoded("a+b%2Bc%20d%ED%95%9C") == "a b+c d한")
    #expect(percentDecoded("%") == "%" && percentDecoded("%4") == "%4" && percentDecoded("%zz%41") == "%zzA")
  }

  @Test func addressesByHostNameWhereItCan() throws {
    let aws = S3Address(bucket: "b1", key: "k//x", region: "eu-west-1", custom: nil, addressing: .auto)
    #expect(aws.endpoint.authority == "b1.s3.eu-west-1.amazonaws.com" && aws.path == "/k//x")
    let dotted = S3Address(bucket: "b.1", key: "k", region: "cn-north-1", custom: nil, addressing: .auto)
    #expect(dotted.endpoint.authority == "s3.cn-north-1.amazonaws.com.cn" && dotted.path == "/b.1/k")
    let server = try Endpoint("http://localhost:9000/base/")
    let custom = S3Address(bucket: "b1", key: "", region: "x", custom: server, addressing: .auto)
    #expect(custom.endpoint.authority == "localhost:9000" && custom.path == "/base/b1")
    let virtual = S3Address(bucket: "b1", key: "k", region: "x", custom: server, addressing: .virtual)
    #expect(virtual.endpoint.authority == "b1.localhost:9000" && virtual.path == "/base/k")
  }

  @Test(arguments: ["ftp://h", "h:80", "http://", "https://user@h", "https://h?q=1", "http://h:99999999"])
  func refusesWhatIsNoEndpoint(url: String) {
    #expect(throws: StoreError(.badSource, "")) { try Endpoint(url) }
  }
}
