import Bytes

/// The fields of VPC flow logs, versions 2 to 10, and of those of transit gateways (version 6), by their names in the header line
/// and in our attributes.
///
/// Source: VPC User Guide, "Flow log records"; Transit Gateway User Guide, "Transit Gateway Flow Log records".
enum VPCFlowField: String, CaseIterable {
  case version, account = "account-id", interface = "interface-id", source = "srcaddr", destination = "dstaddr"
  case sourcePort = "srcport", destinationPort = "dstport", protocolNumber = "protocol", packets, bytes, start, end
  case action, status = "log-status"
  case vpc = "vpc-id", subnet = "subnet-id", instance = "instance-id", flags = "tcp-flags", type
  case packetSource = "pkt-srcaddr", packetDestination = "pkt-dstaddr"
  case region, zone = "az-id", sublocationType = "sublocation-type", sublocation = "sublocation-id"
  case sourceService = "pkt-src-aws-service", destinationService = "pkt-dst-aws-service"
  case direction = "flow-direction", path = "traffic-path"
  case clusterARN = "ecs-cluster-arn", cluster = "ecs-cluster-name"
  case containerInstanceARN = "ecs-container-instance-arn", containerInstance = "ecs-container-instance-id"
  case container = "ecs-container-id", secondContainer = "ecs-second-container-id", service = "ecs-service-name"
  case taskDefinition = "ecs-task-definition-arn", taskARN = "ecs-task-arn", task = "ecs-task-id"
  case rejectReason = "reject-reason", resource = "resource-id", encryption = "encryption-status"

  case resourceType = "resource-type", gateway = "tgw-id", attachment = "tgw-attachment-id"
  case pairAttachment = "tgw-pair-attachment-id"
  case sourceAccount = "tgw-src-vpc-account-id", destinationAccount = "tgw-dst-vpc-account-id"
  case sourceVPC = "tgw-src-vpc-id", destinationVPC = "tgw-dst-vpc-id"
  case sourceSubnet = "tgw-src-subnet-id", destinationSubnet = "tgw-dst-subnet-id"
  case sourceInterface = "tgw-src-eni", destinationInterface = "tgw-dst-eni"
  case sourceZone = "tgw-src-az-id", destinationZone = "tgw-dst-az-id"
  case lostNoRoute = "packets-lost-no-route", lostBlackhole = "packets-lost-blackhole"
  case lostTooLong = "packets-lost-mtu-exceeded", lostExpired = "packets-lost-ttl-expired"

  /// The order of a log without header: version 2.
  static let standard: [VPCFlowField] = [
    .version, .account, .interface, .source, .destination, .sourcePort, .destinationPort, .protocolNumber, .packets,
    .bytes, .start, .end, .action, .status,
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

  /// The fields that a header line names, unknown ones nil; nil for a line that is no header.
  static func header(_ words: [ByteView]) -> [VPCFlowField?]? {
    guard words.count >= 2, words.count <= 256 else { return nil }
    let fields = words.map { byName[$0.string] ?? byName[$0.string.replacing("_", with: "-")] }
    let known = fields.count { $0 != nil }
    return known >= 2 && known * 2 > fields.count ? fields : nil
  }

  var isNumber: Bool {
    switch self {
    case .version, .sourcePort, .destinationPort, .protocolNumber, .packets, .bytes, .start, .end, .flags, .path,
      .lostNoRoute, .lostBlackhole, .lostTooLong, .lostExpired:
      true
    default: false
    }
  }

  /// The attribute's name.
  var attribute: String {
    switch self {
    case .source: "src_address"
    case .destination: "dst_address"
    case .sourcePort: "src_port"
    case .destinationPort: "dst_port"
    case .protocolNumber: "protocol_number"
    case .packetSource: "pkt_src_address"
    case .packetDestination: "pkt_dst_address"
    case .account: "account"
    case .interface: "interface"
    case .vpc: "vpc"
    case .subnet: "subnet"
    case .instance: "instance"
    // Names that stand for something else elsewhere.
    case .version: "flow_version"
    case .type: "traffic_type"
    case .start: "start_seconds"
    case .end: "end_seconds"
    default: rawValue.replacing("-", with: "_")
    }
  }
}
