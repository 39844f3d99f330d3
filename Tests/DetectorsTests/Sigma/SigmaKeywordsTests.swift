import Evidence
import Testing

@testable import Detectors

struct SigmaKeywordsTests {
  private func told(_ keyword: String, _ source: String, _ event: Event) -> Bool {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource: {\(source)}\ndetection:\n  s:\n    - '\(keyword)'\n  condition: s\n")
    precondition(diagnostics.isEmpty, "\(diagnostics)")
    return !titles(rules, [event]).isEmpty
  }

  @Test(arguments: [
    ("secret-bucket", true), ("bucketName", false), ("42", true), ("deep value", true), ("\"Effect\"", true),
    ("list", false), ("second", true), ("by role", false),
  ])
  func theNamesInAnObjectAreNoneOfItsValues(_ keyword: String, _ expected: Bool) {
    let call = event(
      [
        "event_name": .text("X"),
        "request_parameters": .text(
          #"{"bucketName":"secret-bucket","n":42,"o":{"p":["x",{"q":"deep value"}]},"list":["first","second"],"#
            + #""policy":"{\"Effect\":\"Allow\"}"}"#),
      ], "aws:cloudtrail:entry", message: "X by role app")
    #expect(told(keyword, "product: aws, service: cloudtrail", call) == expected)
  }

  /// Of an object that was cut off it is not known what is a name.
  @Test func aCutObjectIsSearchedAsItStands() {
    let call = event(
      ["event_name": .text("X"), "request_parameters": .text(#"{"a":"one","policyDocument":"{\"Statement"#)],
      "aws:cloudtrail:entry")
    for keyword in ["one", "policyDocument", "Statement"] {
      #expect(told(keyword, "product: aws, service: cloudtrail", call), "\(keyword)")
    }
  }

  @Test func aLineIsSearchedAsItsLogHasIt() {
    let line = event(
      [
        "program": .text("sshd"), "pid": .integer(392), "host": .text("web1"),
        "text": .text("Failed password for root"),
      ],
      "linux:auth:entry")
    #expect(told("web1 sshd[392]: Failed password", "product: linux", line))
    #expect(told("sshd[392]: Failed", "product: linux, service: sshd", line))
    #expect(!told("(pid 392)", "product: linux", line))
  }

  /// What a record comes to in a sentence of ours is no part of it.
  @Test func ourOwnWordsAreNoEvidence() {
    let access = event(
      ["method": .text("GET"), "path": .text("/a"), "status": .integer(200)], "web:access:request",
      message: "10.0.0.1 asked for GET /a and got 200.")
    #expect(!told("asked for", "category: webserver", access) && told("/a", "category: webserver", access))
    let call = event(
      ["types": .texts(["SYSCALL", "EXECVE"]), "command_line": .text("sh -c id")], "linux:audit:syscall",
      message: "audit EXECVE: sh ran sh -c id, result yes.")
    #expect(!told("ran sh", "product: linux", call) && told("sh -c id", "product: linux", call))
  }
}
