import Foundation
import Testing

@testable import Bytes

@Suite struct InflatedTests {
  /// `hello hello hello hello`
  private let gzip = Data(base64Encoded: "H4sIAAAAAAACA8tIzcnJV8hAJwHjUT2NFwAAAA==") ?? Data()
  private let zlib = Data(base64Encoded: "eJzLSM3JyVfIQCcBaAMIsQ==") ?? Data()

  private func text(_ data: Data, limit: Int = 100) -> String? {
    Array(data).withView { Inflated.bytes($0, limit: limit) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func givesWhatWasPacked() {
    #expect(text(gzip) == "hello hello hello hello")
    #expect(text(zlib) == "hello hello hello hello")
    #expect(text(gzip, limit: 5) == "hello")
  }

  @Test func givesWhatItCanOfACutOne() {
    for length in 0..<gzip.count {
      let found = text(gzip.prefix(length)) ?? ""
      #expect("hello hello hello hello".hasPrefix(found), "\(length)")
    }
    #expect(text(Data("plain text".utf8)) == nil)
  }
}
