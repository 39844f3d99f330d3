import Bytes
import Evidence
import TestSupport
import Testing

@testable import LogParse

/// Files that begin in the middle of a record, or with a line of something else, and texts that only look like logs.
@Suite struct AWSRecognitionTests {
  private static let alb =
    "http 2026-01-01T00:00:01.000000Z app/front/aa11 198.51.100.7:51001 10.9.0.5:80 0.001 0.002 0.000 200 200 120 520 "
    + #""GET http://www.example.org:80/x HTTP/1.1" "curl/8" - - arn:aws:x "Root=1-6955b901-0123456789abcdef01234567" "-" "-" 0"#
  private static let connection =
    #"2026-01-01T00:00:02.000000Z 198.51.100.7 36282 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.002 "-" - - - TID_2180a73013c8ca4b"#
  private static let classic =
    "2026-01-01T00:00:00.945958Z front 198.51.100.7:2817 10.9.0.5:80 0.000073 0.001048 0.000057 200 200 0 29 "
    + #""GET http://www.example.org:80/ HTTP/1.1" "curl/7.38.0" - -"#
  private static let s3 =
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be data [06/Feb/2026:00:00:38 +0000] 198.51.100.7 - 3E57 "
    + #"REST.GET.OBJECT a.csv "GET /data/a.csv HTTP/1.1" 200 - 812 812 7 5 "-" "curl/8" - x SigV4"#
  private static let network =
    "tls 2.0 2026-01-01T00:00:01 net/front/c6e77e28c25b2234 g3d4b5e8bb8464cd 198.51.100.7:51341 10.9.0.5:443 5 2 98 246 - "
    + "arn:aws:x - ECDHE-RSA-AES128-SHA tlsv12 - www.example.org - - - 2026-01-01T00:00:00"
  private static let edge =
    "2026-01-01\t00:00:01\tICN54-C1\t2390\t198.51.100.7\tGET\td1.cloudfront.net\t/a.html\t200\t-\tcurl/8\t-\t-\tHit\tx==\t"
    + "www.example.org\thttps\t312\t0.2\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.2\tHit"
  private static let firewall =
    #"{"firewall_name":"f","event_timestamp":"1767225600","event":{"timestamp":"2026-01-01T00:00:00.1+0000","event_type":"alert","src_ip":"10.9.0.5","dest_ip":"198.51.100.7","proto":"TCP"}}"#
  private static let flow =
    "2 444455556666 eni-1 10.9.0.5 198.51.100.7 51270 443 6 1 40 1767225600 1767225660 ACCEPT OK"
  private static let waf =
    #"{"timestamp":1767225600123,"formatVersion":1,"webaclId":"w","action":"ALLOW","httpRequest":{"clientIp":"198.51.100.7","headers":[{"name":"Host","value":"www.example.org"}],"uri":"/a"}}"#
  private static let call =
    #"{"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventTime":"2026-01-01T00:00:00Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers"}"#
  private static let finding =
    #"{"schemaVersion":"2.0","id":"f","type":"A:B/C","severity":2,"updatedAt":"2026-01-01T00:00:00Z","service":{"detectorId":"d"}}"#

  private static let lines = [
    ("aws.alb", alb), ("aws.alb.connection", connection), ("aws.elb", classic), ("aws.s3access", s3),
    ("aws.vpcflow", flow), ("aws.nlb", network), ("aws.cloudfront", edge), ("aws.networkfirewall", firewall),
    ("aws.waf", waf), ("aws.cloudtrail", call), ("aws.guardduty", finding),
  ]

  private func recognized(_ text: String) -> String? {
    Array(text.utf8).withView { LogFormats.recognize(FormatSample(head: $0, path: "x", isWhole: true))?.name }
  }

  @Test(arguments: lines) func aBrokenFirstLineIsPassedOver(_ name: String, _ line: String) throws {
    let cut = String(line.dropFirst(80))
    for first in [cut, "# exported by hand", "{}", "\n  \n", cut + "\n# and more"] {
      let text = first + "\n" + line + "\n" + line + "\n" + line + "\n"
      #expect(recognized(text) == name, "\(first)")
    }
    let sink = CollectingSink()
    let text = cut + "\n" + line.replacing("2026", with: "2025") + "\n" + line + "\n"
    try LogFormats.named(name)?.parse(MemoryStream(Array(text.utf8)), ParseContext(path: "x"), into: sink)
    #expect(sink.events.count >= 2)
    #expect(sink.coverages.first?.state == .skipped)
  }

  @Test(arguments: lines) func aTextThatQuotesALineIsNone(_ name: String, _ line: String) {
    for text in [
      "We saw this:\n\(line)\nand then nothing.\nNo more came.\n", "# Notes\n\nText\n```\n\(line)\n```\n\nthe end\n",
      "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n\(line)\n",
    ] {
      #expect(recognized(text)?.hasPrefix("aws.") != true, "\(text)")
    }
  }

  @Test func programsThatPrintRecordsWriteNone() {
    for text in [
      "[2026-01-01 00:00:00] INFO start\n[INFO] {\"Records\":[\(Self.call)]}\n",
      "{\n \"results\":\n [\n\(Self.waf)\n]\n}\n",
      "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n{\"a\":6}\n\(Self.waf)\n",
    ] {
      #expect(recognized(text)?.hasPrefix("aws.") != true, "\(text)")
    }
  }

  @Test func theOneLineOfAFileMayBeCutInFront() {
    let line = "{\"Records\":[" + Array(repeating: Self.call, count: 5).joined(separator: ",") + "]}"
    for count in [1, 12, 40, 100, 150] { #expect(recognized(String(line.dropFirst(count))) == "aws.cloudtrail") }
  }

  @Test func aHeaderOfFlowLogsMayStandFurtherDown() {
    let header = "version account-id interface-id srcaddr dstaddr action"
    #expect(recognized("# exported\n\(header)\n2 1 eni-1 10.9.0.5 10.9.0.6 ACCEPT\n") == "aws.vpcflow")
    #expect(recognized("an account\nstart action end\nversion two\n") == nil)
  }

  @Test func aYearFarAwayIsTold() throws {
    let cases = [
      ("aws.alb", Self.alb.replacing("2026-", with: "9999-"), "9999-01-01T00:00:01.000000Z"),
      ("aws.alb.connection", Self.connection.replacing("2026-", with: "9999-"), "9999-01-01T00:00:02.000000Z"),
      ("aws.elb", Self.classic.replacing("2026-", with: "9999-"), "9999-01-01T00:00:00.945958Z"),
      ("aws.s3access", Self.s3.replacing("Feb/2026", with: "Feb/9999"), "06/Feb/9999:00:00:38 +0000"),
      ("aws.nlb", Self.network.replacing("2026-", with: "9999-"), "9999-01-01T00:00:01"),
      ("aws.cloudfront", Self.edge.replacing("2026-", with: "9999-"), "9999-01-01 00:00:01"),
      ("aws.waf", Self.waf.replacing("1767225600123", with: "253402300799000"), "253402300799000"),
      ("aws.cloudtrail", Self.call.replacing("2026-", with: "9999-"), "9999-01-01T00:00:00Z"),
    ]
    for (name, line, time) in cases {
      #expect(recognized(line) == name)
      let sink = CollectingSink()
      try LogFormats.named(name)?.parse(MemoryStream(Array(line.utf8)), ParseContext(path: "x"), into: sink)
      #expect(sink.events.count == 1 && sink.events.first?.time == nil, "\(name)")
      #expect(sink.events.first?.text("recorded_time") == time)
    }
  }

  @Test func linesOfSyslogAreNoConnections() {
    for line in [
      "2026-01-01T00:00:02.000000Z host sshd[1]: Failed password for root from 198.51.100.7 port 51270 ssh2 a b c",
      "2026-01-01T00:00:02.000000Z 198.51.100.7 36282 443 TLSv1.3 a b c d e f g",
      Self.connection.replacing("443", with: "70000"), Self.network.replacing("tls 2.0", with: "tls2 0"),
      Self.network.replacing(" 98 ", with: " many "), Self.edge.replacing("\t", with: " "),
      Self.firewall.replacing("event_type", with: "type"),
      Self.classic.replacing("0.000073", with: "soon"), Self.classic.replacing("198.51.100.7:2817", with: "host:2817"),
    ] {
      #expect(recognized(line + "\n")?.hasPrefix("aws.") != true, "\(line)")
    }
  }
}
