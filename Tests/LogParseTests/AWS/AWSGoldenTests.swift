import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import LogParse

/// Every folder of `fixtures/logparse/aws`: recognized by content alone, and read into just the lines of its `out.jsonl`.
@Suite struct AWSGoldenTests {
  static let formats = [
    "alb": "aws.alb", "alb/connection": "aws.alb.connection", "alb/classic": "aws.elb", "cloudtrail": "aws.cloudtrail",
    "cloudtrail/digest": "aws.cloudtrail.digest",
    "guardduty": "aws.guardduty", "resolver": "aws.route53resolver", "s3": "aws.s3access",
    "securityhub": "aws.securityhub", "vpcflow": "aws.vpcflow", "vpcflow/cloudwatch": "aws.vpcflow.cloudwatch",
    "waf": "aws.waf", "waf/sampled": "aws.waf.sample", "alb/athena": "aws.alb.table",
    "nlb": "aws.nlb", "cloudfront": "aws.cloudfront", "cloudfront/json": "aws.cloudfront.json",
    "networkfirewall": "aws.networkfirewall",
    "eks": "aws.eks.audit", "eks/insights-csv": "aws.cloudwatch.table", "cloudtrail/lake": "aws.cloudtrail.table",
    "cloudtrail/lake-page": "aws.cloudtrail.lake",
    "cloudtrail/athena": "aws.cloudtrail.table",
    "cloudtrail/history-csv": "aws.cloudtrail.table", "cloudtrail/cloudwatch-csv": "aws.cloudtrail.table",
    "vpcflow/athena": "aws.vpcflow.table", "vpcflow/cloudwatch-csv": "aws.vpcflow.table",
    "cloudwatch": "aws.cloudwatch.logs", "cloudwatch/table": "aws.cloudwatch.lines",
    "cloudwatch/text": "aws.cloudwatch.text", "services/run-command": "aws.ssm.command",
    "services/step-functions": "aws.stepfunctions", "services/inspector": "aws.inspector",
    "services/macie": "aws.macie", "services/config": "aws.config",
  ]

  @Test func casesAreThere() {
    #expect(GoldenEvents.cases("logparse/aws").count >= 25)
  }

  @Test(arguments: GoldenEvents.cases("logparse/aws"))
  func events(_ folder: String) throws {
    let input = try #require(GoldenEvents.input(of: folder))
    let bytes = try [UInt8](Data(contentsOf: input))
    let found = try #require(
      bytes.withView {
        LogFormats.recognize(FormatSample(head: $0.slice(0, 1 << 16), path: input.lastPathComponent, isWhole: true))
      })
    let place = folder.split(separator: "/").dropFirst(2).joined(separator: "/")
    #expect(found.name == Self.formats[place] ?? Self.formats[String(place.prefix { $0 != "/" })])
    let sink = CollectingSink()
    try found.parse(MemoryStream(bytes), ParseContext(path: input.lastPathComponent), into: sink)
    #expect(try GoldenEvents.differences(sink, folder) == [])
    var names: [String: String] = [:]
    for attribute in sink.events.flatMap(\.attributes) {
      let kind = String("\(attribute.value)".prefix { $0 != "(" })
      #expect(names[attribute.name] ?? kind == kind, "one JSON type for \(attribute.name)")
      names[attribute.name] = kind
    }
  }
}
