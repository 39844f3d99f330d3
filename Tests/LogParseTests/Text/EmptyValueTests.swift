import Evidence
import Testing

@testable import LogParse

/// Fields that are there and hold nothing: rules ask for them (`exists`, `''`). What a source writes for "none" is no field.
@Suite struct EmptyValueTests {
  private func event(_ text: String, _ path: String) throws -> Event {
    try #require(EventDump(text + "\n", path: path).events.first)
  }

  private func call(_ members: String) throws -> Event {
    try event(
      #"{"eventVersion":"1.08","eventTime":"2026-11-25T05:20:30Z","eventSource":"s3.amazonaws.com","#
        + #""eventName":"ListBuckets","# + members + "}", "trail.json")
  }

  @Test func cloudTrailKeepsEmptyTextAndNoNull() throws {
    let empty = try call(
      #""userAgent":"","errorMessage":"","errorCode":"","requestParameters":null,"userIdentity":{"type":"IAMUser","#
        + #""userName":"","invokedBy":""}"#)
    #expect(empty.text("user_agent") == "" && empty.text("error_message") == "" && empty.text("user") == "")
    #expect(empty.text("invoked_by") == "" && empty.text("identity_type") == "IAMUser")
    // An empty error code is no error, and an entity has a name.
    #expect(empty["error_code"] == nil && empty["request_parameters"] == nil)
    #expect(empty.entities.isEmpty)
    let full = try call(#""userAgent":"aws-cli","userIdentity":{"type":"IAMUser","userName":"kim"}"#)
    #expect(full.text("user_agent") == "aws-cli" && full.text("user") == "kim")
    #expect(full["error_message"] == nil && full["invoked_by"] == nil)
  }

  @Test func auditKeepsWhatStandsBetweenQuotes() throws {
    let front = "type=SYSCALL msg=audit(1795584173.089:1): syscall=59 pid=10"
    let empty = try event(front + #" comm="" exe="/bin/a" key="" subj="" acct="""#, "audit.log")
    #expect(empty.text("command") == "" && empty.text("key") == "" && empty.text("audit_subj") == "")
    #expect(empty.text("user") == "" && empty.text("executable") == "/bin/a")
    #expect(!empty.message.contains(" for ") && !empty.entities.contains { $0.kind == .user })
    let none = try event(front + #" comm="a" key=(null) hostname=? subj= "#, "audit.log")
    #expect(none.text("command") == "a" && none["key"] == nil && none["hostname"] == nil && none["audit_subj"] == nil)
    // A later record says it after all.
    let later = try event(front + " key=\"\"\ntype=PATH msg=audit(1795584173.089:1): name=\"/a\"", "audit.log")
    #expect(later.text("key") == "")
  }

  @Test func theJournalKeepsAnEmptyCommandLine() throws {
    let front = #"{"__REALTIME_TIMESTAMP":"1795584173089000","MESSAGE":"m","_HOSTNAME":"h","SYSLOG_IDENTIFIER":"p""#
    #expect(try event(front + #","_CMDLINE":"","_EXE":"/bin/a"}"#, "journal.json").text("command_line") == "")
    #expect(try event(front + #","_EXE":"/bin/a"}"#, "journal.json")["command_line"] == nil)
  }

  @Test func aHeaderThatWasSentEmptyIsNoneThatWasNot() throws {
    let front = #"203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] "GET /a HTTP/1.1" 200 5"#
    let empty = try event(front + #" "" """#, "access.log")
    #expect(empty.text("user_agent") == "" && empty.text("referrer") == "")
    let none = try event(front + #" "-" "-""#, "access.log")
    #expect(none["user_agent"] == nil && none["referrer"] == nil)
  }
}
