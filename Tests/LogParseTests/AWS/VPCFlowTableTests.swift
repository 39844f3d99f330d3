import Bytes
import Evidence
import Testing

@testable import LogParse

/// Flow logs that went through another program: other names of columns, other forms of time.
@Suite struct VPCFlowTableTests {
  private static let header = "interface_id,srcaddr,dstaddr,srcport,dstport,protocol,start,end,action"

  private func flow(_ start: String, _ end: String, ports: String = "51270,443") throws -> Event? {
    let text = "\(Self.header)\neni-1,10.9.0.5,198.51.100.7,\(ports),6,\(start),\(end),ACCEPT\n"
    let dump = try EventDump(text, path: "x.csv")
    #expect(dump.format == "aws.vpcflow.table")
    return dump.events.first
  }

  @Test(arguments: [
    ("2024-01-01 00:00:00.000", "2024-01-01 00:01:00.500"), ("2024-01-01T00:00:00Z", "2024-01-01T01:01:00+01:00"),
    ("1704067200000", "1704067260500"), ("2024-01-01 00:00:00.000 UTC", "2024-01-01 00:01:00.000 UTC"),
    ("1704067200", "1704067260"),
  ])
  func times(_ start: String, _ end: String) throws {
    let event = try #require(try flow(start, end))
    #expect(event.time?.nanoseconds == 1_704_067_200_000_000_000)
    #expect(event["start_seconds"] == .integer(1_704_067_200) && event["end_seconds"] == .integer(1_704_067_260))
    #expect(event["duration_seconds"] == .integer(60))
    #expect(event.text("recorded_end") == (end == "1704067260" ? nil : end))
  }

  @Test func timesThatAreNone() throws {
    #expect(try flow("soon", "1704067260") == nil)
    #expect(try flow("2024-02-30 00:00:00", "1704067260") == nil)
    // Neither seconds nor milliseconds that a time can hold.
    let event = try #require(try flow("99999999999999999", "99999999999999999999999"))
    #expect(event.time == nil && event["unread_fields"] == .texts(["end"]))
    #expect(try flow("-", "1704067260")?.time == nil)
    #expect(try flow("-1", "0")?.time?.nanoseconds == -1_000_000_000)
  }

  @Test func portsThatAreNoneMakeNoSocket() throws {
    func sockets(_ ports: String) throws -> Int? {
      try flow("1704067200", "1704067260", ports: ports)?.entities.count { $0.kind == .socket }
    }
    #expect(try sockets("0,65535") == 1)
    for ports in ["65536,443", "51270,65536", "-1,443", "51270,99999999999999999999"] {
      #expect(try sockets(ports) == 0, "\(ports)")
    }
    let line = "2 444455556666 eni-1 10.9.0.5 198.51.100.7 70000 443 6 1 40 1767225600 1767225660 ACCEPT OK"
    #expect(try EventDump(line, path: "x").events.first?.entities.contains { $0.kind == .socket } == false)
  }

  @Test func columnsOfLogsInsights() throws {
    let dump = try EventDump(
      "@timestamp,srcAddr,dstAddr,dstPort,action,bytes,note\n"
        + "2026-01-01 03:04:05.000,10.9.0.5,198.51.100.7,443,REJECT,40,\"a b, c\"\nsoon,10.9.0.5,198.51.100.7,,,,\n",
      path: "x.csv")
    #expect(dump.format == "aws.vpcflow.table" && dump.events.count == 2)
    let event = try #require(dump.events.first)
    #expect(event.message == "flow REJECT 10.9.0.5 -> 198.51.100.7:443, 40 bytes")
    #expect(event.time == Timestamp(iso8601: "2026-01-01T03:04:05.000Z"))
    #expect(event["unknown_fields"] == .texts([#"note="a b, c""#]))
    #expect(dump.events.last?.time == nil)
    #expect(dump.events.last?["unknown_fields"] == .texts([#"@timestamp="soon""#]))
  }

  @Test func olderColumnsOfAthena() throws {
    let dump = try EventDump(
      "version,account,interfaceid,sourceaddress,destinationaddress,sourceport,destinationport,protocol,numpackets,numbytes,"
        + "starttime,endtime,action,logstatus\n"
        + "2,444455556666,eni-1,10.9.0.5,198.51.100.7,51270,443,6,12,3456,1767236640,1767236700,ACCEPT,OK\n",
      path: "x.csv")
    #expect(dump.format == "aws.vpcflow.table")
    let event = try #require(dump.events.first)
    #expect(event.message == "flow ACCEPT 10.9.0.5:51270 -> 198.51.100.7:443 tcp, 12 packets, 3456 bytes")
    #expect(event["duration_seconds"] == .integer(60) && event["unknown_fields"] == nil)
    #expect(event.text("account") == "444455556666" && event.text("interface") == "eni-1")
  }

  /// Columns of other firewalls and of other collectors of flows.
  @Test(arguments: [
    "sourceaddress,destinationaddress,sourceport,destinationport,protocol,action", "StartTime,SrcAddr,DstAddr,Dport",
    "Action,SrcAddr,DstAddr,Protocol,Bytes", "srcAddr,user,host,process,command,dstAddr", "start,end,action,type,addr",
  ])
  func otherTables(_ header: String) throws {
    let row = Array(repeating: "1", count: header.split(separator: ",").count).joined(separator: ",")
    #expect(try EventDump("\(header)\n\(row)\n", path: "x.csv").format != "aws.vpcflow.table")
  }

  @Test func flowsOfATransitGateway() throws {
    let text =
      "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
      + "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id "
      + "tgw-dst-az-id "
      + "tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status "
      + "type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags "
      + "region flow-direction pkt-src-aws-service pkt-dst-aws-service\n"
      + "6 TransitGateway 1 tgw-1 tgw-attach-1 1 2 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 az1 az2 tgw-attach-2 10.9.0.5 "
      + "10.8.0.3 51270 443 6 10 840 1767225600 1767225660 OK IPv4 0 4 0 0 2 us-east-1 ingress - -\n"
    let dump = try EventDump(text, path: "x.log")
    #expect(dump.format == "aws.vpcflow")
    let event = try #require(dump.events.first)
    #expect(event.text("src_address") == "10.9.0.5" && event.text("tgw_id") == "tgw-1")
    #expect(event["packets_lost_blackhole"] == .integer(4) && event["unknown_fields"] == nil)
  }

  @Test func fieldsThatNoNameTells() throws {
    let standard = "5 1 eni-1 10.9.0.5 198.51.100.7 51270 389 6 10 840 1767225600 1767225660 ACCEPT OK"
    let more = try EventDump(standard + " vpc-1 - 8\n", path: "x.log").events.first
    #expect(more?["unknown_fields"] == .texts(["vpc-1", "-", "8"]) && more?["dst_port"] == .integer(389))
    #expect(try EventDump(standard + "\n", path: "x.log").events.first?["unknown_fields"] == nil)
    let named = "srcaddr dstaddr new-field interface-id other\n10.9.0.5 198.51.100.7 x eni-1 -\n"
    #expect(try EventDump(named, path: "x.log").events.first?["unknown_fields"] == .texts(["new-field=x"]))
  }

  @Test func addressesAreWrittenInOneForm() throws {
    func event(_ address: String) throws -> Event? {
      try EventDump(
        "2 1 eni-1 \(address) 10.9.0.5 1 443 6 10 840 1767225600 1767225660 ACCEPT OK", path: "x.log"
      ).events.first
    }
    for text in ["2001:DB8:0:0:0:0:0:66", "2001:db8::66", "2001:0db8::0066"] {
      let event = try #require(try event(text))
      #expect(event.text("src_address") == "2001:db8::66" && event.entities.contains(Entity(.address, "2001:db8::66")))
    }
    #expect(try event("::ffff:10.9.0.7")?.text("src_address") == "10.9.0.7")
    #expect(try event("10.9.0.7")?.text("src_address") == "10.9.0.7")
    #expect(try event("x:y")?.text("src_address") == "x:y")
  }
}
