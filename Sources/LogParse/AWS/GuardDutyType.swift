import Bytes

/// A finding's type, taken apart: `ThreatPurpose:ResourceTypeAffected/ThreatFamilyName.DetectionMechanism!Artifact`.
///
/// Grammar: GuardDuty User Guide, "GuardDuty finding format".
public struct GuardDutyType: Hashable, Sendable {
  public var text: String
  /// `Recon`, `UnauthorizedAccess`, `Execution` …
  public var purpose: String
  /// `EC2`, `IAMUser`, `Runtime`, `S3` …
  public var resource: String
  /// `ReverseShell`, `MaliciousIPCaller` …
  public var family: String
  /// `Custom` for a list of the customer's, `Reputation`, `OutsideAWS`, a letter for a variant …
  public var mechanism: String?
  /// What was watched: `DNS`.
  public var artifact: String?

  /// - Returns: nil for what does not have the three parts that every type has.
  public init?(_ text: String) {
    guard text.utf8.count <= 512, let colon = text.firstIndex(of: ":"),
      let slash = text[colon...].firstIndex(of: "/")
    else { return nil }
    self.text = text
    purpose = String(text[..<colon])
    resource = String(text[text.index(after: colon)..<slash])
    var rest = text[text.index(after: slash)...]
    if let mark = rest.lastIndex(of: "!") {
      artifact = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    if let dot = rest.firstIndex(of: ".") {
      mechanism = String(rest[rest.index(after: dot)...])
      rest = rest[..<dot]
    }
    family = String(rest)
    if purpose.isEmpty || resource.isEmpty || family.isEmpty { return nil }
  }

  /// Techniques of ATT&CK that the type states by itself; empty where it takes a person to say.
  public var attack: [String] {
    switch family {
    case "ReverseShell": ["T1059.004"]
    case "InstanceCredentialExfiltration": ["T1552.005", "T1078.004"]
    case "MetadataDNSRebind": ["T1552.005"]
    case "SSHBruteForce", "RDPBruteForce": ["T1110"]
    case "TorClient", "TorRelay", "TorIPCaller": ["T1090.003"]
    case "Portscan": ["T1046"]
    case "PortProbeUnprotectedPort", "PortProbeEMRUnprotectedPort": ["T1595.001"]
    case "BitcoinTool", "CryptoMinerExecuted": ["T1496"]
    case "DNSDataExfiltration": ["T1048"]
    case "DropPoint": ["T1041"]
    case "DGADomainRequest": ["T1568.002"]
    case "DriveBySourceTraffic": ["T1189"]
    case "PhishingDomainRequest": ["T1566"]
    case "C&CActivity": artifact == "DNS" ? ["T1071.004"] : ["T1071"]
    case "DenialOfService": ["T1498"]
    case "CloudTrailLoggingDisabled", "ServerAccessLoggingDisabled": ["T1562.008"]
    case "ProcessInjection": ["T1055"]
    case "FilelessExecution": ["T1620"]
    case "KernelModuleLoaded": ["T1547.006"]
    case "DockerSocketAccessed", "RuncContainerEscape", "CGroupsReleaseAgentModified", "ContainerMountsHostDirectory":
      ["T1611"]
    case "ConsoleLoginSuccess": ["T1078.004"]
    case "MaliciousIPCaller" where purpose == "Recon" && resource == "IAMUser": ["T1580"]
    case "MaliciousIPCaller" where resource == "IAMUser": ["T1078.004"]
    default: resource == "S3" && purpose == "Exfiltration" ? ["T1530"] : []
    }
  }
}
