import Bytes
import Testing

@testable import Timeline

@Suite struct SecretMaskJSONTests {
  private let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

  private func masked(_ json: String) -> String? {
    json.withView { SecretMask.mask(json: $0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aSecretInOneStringOrNamedByAnotherColumnIsTakenOut() throws {
    let rows = [
      #"{"PID":465,"Args":"export AWS_SECRET_ACCESS_KEY=\#(secret) && id"}"#,
      #"{"PID":465,"KEY":"AWS_SECRET_ACCESS_KEY","VALUE":"\#(secret)"}"#,
      #"{"Command":"cat <<E\n-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA","PID":1}"#,
    ]
    for row in rows {
      let text = try #require(masked(row), "\(row)")
      #expect(!text.contains(secret) && !text.contains("MIIEpAIB") && text.contains("[masked "))
      #expect(text.withView { JSONView($0)["PID"]?.integer } != nil)
    }
  }

  @Test func rowsWithoutOneAndBrokenOnesAreLeft() {
    for row in [#"{"KEY":"HOME","VALUE":"/root"}"#, #"{"KEY":"a\"b","PID":1}"#, #"{"open"#, "\"", ""] {
      #expect(masked(row) == nil, "\(row)")
    }
  }
}
