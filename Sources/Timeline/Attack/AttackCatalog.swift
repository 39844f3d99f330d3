/// The part of ATT&CK for Enterprise (version 17) that Linux, web and AWS evidence can speak of.
public enum AttackCatalog {
  /// Of ATT&CK, from which names and tactics are.
  public static let version = "17"

  public enum Tactic: String, Sendable, CaseIterable {
    case reconnaissance, resourceDevelopment = "resource-development", initialAccess = "initial-access", execution
    case persistence, privilegeEscalation = "privilege-escalation", defenseEvasion = "defense-evasion"
    case credentialAccess = "credential-access", discovery, lateralMovement = "lateral-movement", collection
    case commandAndControl = "command-and-control", exfiltration, impact

    /// `TA0001` …
    public var id: String {
      switch self {
      case .reconnaissance: "TA0043"
      case .resourceDevelopment: "TA0042"
      case .initialAccess: "TA0001"
      case .execution: "TA0002"
      case .persistence: "TA0003"
      case .privilegeEscalation: "TA0004"
      case .defenseEvasion: "TA0005"
      case .credentialAccess: "TA0006"
      case .discovery: "TA0007"
      case .lateralMovement: "TA0008"
      case .collection: "TA0009"
      case .commandAndControl: "TA0011"
      case .exfiltration: "TA0010"
      case .impact: "TA0040"
      }
    }
  }

  public struct Technique: Sendable {
    public var id: String
    public var name: String
    /// The one that findings here are about comes first.
    public var tactics: [Tactic]
  }

  /// The technique of that id; a sub-technique that is not listed is told as its parent.
  public static func technique(_ id: String) -> Technique? {
    if let known = byID[id] { return known }
    guard let dot = id.firstIndex(of: "."), let parent = byID[String(id[..<dot])] else { return nil }
    return Technique(id: id, name: parent.name, tactics: parent.tactics)
  }

  private static let byID = Dictionary(
    techniques.map { ($0.0, Technique(id: $0.0, name: $0.1, tactics: $0.2)) }, uniquingKeysWith: { first, _ in first })

  private static let techniques: [(String, String, [Tactic])] = [
    ("T1595", "Active Scanning", [.reconnaissance]),
    ("T1595.002", "Vulnerability Scanning", [.reconnaissance]),
    ("T1595.003", "Wordlist Scanning", [.reconnaissance]),
    ("T1592", "Gather Victim Host Information", [.reconnaissance]),
    ("T1583", "Acquire Infrastructure", [.resourceDevelopment]),
    ("T1588", "Obtain Capabilities", [.resourceDevelopment]),
    ("T1190", "Exploit Public-Facing Application", [.initialAccess]),
    ("T1133", "External Remote Services", [.initialAccess, .persistence]),
    ("T1078", "Valid Accounts", [.initialAccess, .persistence, .privilegeEscalation, .defenseEvasion]),
    ("T1078.004", "Cloud Accounts", [.initialAccess, .persistence, .privilegeEscalation, .defenseEvasion]),
    ("T1059", "Command and Scripting Interpreter", [.execution]),
    ("T1059.004", "Unix Shell", [.execution]),
    ("T1059.006", "Python", [.execution]),
    ("T1059.009", "Cloud API", [.execution]),
    ("T1203", "Exploitation for Client Execution", [.execution]),
    ("T1651", "Cloud Administration Command", [.execution]),
    ("T1204", "User Execution", [.execution]),
    ("T1106", "Native API", [.execution]),
    ("T1053", "Scheduled Task/Job", [.persistence, .execution, .privilegeEscalation]),
    ("T1053.002", "At", [.persistence, .execution, .privilegeEscalation]),
    ("T1053.003", "Cron", [.persistence, .execution, .privilegeEscalation]),
    ("T1053.006", "Systemd Timers", [.persistence, .execution, .privilegeEscalation]),
    ("T1098", "Account Manipulation", [.persistence, .privilegeEscalation]),
    ("T1098.001", "Additional Cloud Credentials", [.persistence, .privilegeEscalation]),
    ("T1098.004", "SSH Authorized Keys", [.persistence, .privilegeEscalation]),
    ("T1136", "Create Account", [.persistence]),
    ("T1136.001", "Local Account", [.persistence]),
    ("T1136.003", "Cloud Account", [.persistence]),
    ("T1505", "Server Software Component", [.persistence]),
    ("T1505.003", "Web Shell", [.persistence]),
    ("T1543", "Create or Modify System Process", [.persistence, .privilegeEscalation]),
    ("T1543.002", "Systemd Service", [.persistence, .privilegeEscalation]),
    ("T1546", "Event Triggered Execution", [.persistence, .privilegeEscalation]),
    ("T1546.004", "Unix Shell Configuration Modification", [.persistence, .privilegeEscalation]),
    ("T1547", "Boot or Logon Autostart Execution", [.persistence, .privilegeEscalation]),
    ("T1547.006", "Kernel Modules and Extensions", [.persistence, .privilegeEscalation]),
    ("T1037", "Boot or Logon Initialization Scripts", [.persistence, .privilegeEscalation]),
    ("T1556", "Modify Authentication Process", [.credentialAccess, .persistence, .defenseEvasion]),
    ("T1574", "Hijack Execution Flow", [.persistence, .privilegeEscalation, .defenseEvasion]),
    ("T1574.006", "Dynamic Linker Hijacking", [.persistence, .privilegeEscalation, .defenseEvasion]),
    ("T1068", "Exploitation for Privilege Escalation", [.privilegeEscalation]),
    ("T1548", "Abuse Elevation Control Mechanism", [.privilegeEscalation, .defenseEvasion]),
    ("T1548.001", "Setuid and Setgid", [.privilegeEscalation, .defenseEvasion]),
    ("T1548.003", "Sudo and Sudo Caching", [.privilegeEscalation, .defenseEvasion]),
    ("T1055", "Process Injection", [.defenseEvasion, .privilegeEscalation]),
    ("T1055.008", "Ptrace System Calls", [.defenseEvasion, .privilegeEscalation]),
    ("T1611", "Escape to Host", [.privilegeEscalation]),
    ("T1014", "Rootkit", [.defenseEvasion]),
    ("T1027", "Obfuscated Files or Information", [.defenseEvasion]),
    ("T1140", "Deobfuscate/Decode Files or Information", [.defenseEvasion]),
    ("T1036", "Masquerading", [.defenseEvasion]),
    ("T1036.004", "Masquerade Task or Service", [.defenseEvasion]),
    ("T1036.005", "Match Legitimate Resource Name or Location", [.defenseEvasion]),
    ("T1070", "Indicator Removal", [.defenseEvasion]),
    ("T1070.002", "Clear Linux or Mac System Logs", [.defenseEvasion]),
    ("T1070.003", "Clear Command History", [.defenseEvasion]),
    ("T1070.004", "File Deletion", [.defenseEvasion]),
    ("T1070.006", "Timestomp", [.defenseEvasion]),
    ("T1222", "File and Directory Permissions Modification", [.defenseEvasion]),
    ("T1222.002", "Linux and Mac File and Directory Permissions Modification", [.defenseEvasion]),
    ("T1562", "Impair Defenses", [.defenseEvasion]),
    ("T1562.001", "Disable or Modify Tools", [.defenseEvasion]),
    ("T1562.003", "Impair Command History Logging", [.defenseEvasion]),
    ("T1562.004", "Disable or Modify System Firewall", [.defenseEvasion]),
    ("T1562.008", "Disable or Modify Cloud Logs", [.defenseEvasion]),
    ("T1562.012", "Disable or Modify Linux Audit System", [.defenseEvasion]),
    ("T1564", "Hide Artifacts", [.defenseEvasion]),
    ("T1564.001", "Hidden Files and Directories", [.defenseEvasion]),
    ("T1620", "Reflective Code Loading", [.defenseEvasion]),
    ("T1003", "OS Credential Dumping", [.credentialAccess]),
    ("T1003.007", "Proc Filesystem", [.credentialAccess]),
    ("T1003.008", "/etc/passwd and /etc/shadow", [.credentialAccess]),
    ("T1110", "Brute Force", [.credentialAccess]),
    ("T1552", "Unsecured Credentials", [.credentialAccess]),
    ("T1552.001", "Credentials In Files", [.credentialAccess]),
    ("T1552.003", "Bash History", [.credentialAccess]),
    ("T1552.004", "Private Keys", [.credentialAccess]),
    ("T1552.005", "Cloud Instance Metadata API", [.credentialAccess]),
    ("T1528", "Steal Application Access Token", [.credentialAccess]),
    ("T1555", "Credentials from Password Stores", [.credentialAccess]),
    ("T1555.006", "Cloud Secrets Management Stores", [.credentialAccess]),
    ("T1040", "Network Sniffing", [.credentialAccess, .discovery]),
    ("T1007", "System Service Discovery", [.discovery]),
    ("T1016", "System Network Configuration Discovery", [.discovery]),
    ("T1018", "Remote System Discovery", [.discovery]),
    ("T1033", "System Owner/User Discovery", [.discovery]),
    ("T1046", "Network Service Discovery", [.discovery]),
    ("T1049", "System Network Connections Discovery", [.discovery]),
    ("T1057", "Process Discovery", [.discovery]),
    ("T1069", "Permission Groups Discovery", [.discovery]),
    ("T1082", "System Information Discovery", [.discovery]),
    ("T1083", "File and Directory Discovery", [.discovery]),
    ("T1087", "Account Discovery", [.discovery]),
    ("T1087.001", "Local Account", [.discovery]),
    ("T1087.004", "Cloud Account", [.discovery]),
    ("T1518", "Software Discovery", [.discovery]),
    ("T1518.001", "Security Software Discovery", [.discovery]),
    ("T1526", "Cloud Service Discovery", [.discovery]),
    ("T1580", "Cloud Infrastructure Discovery", [.discovery]),
    ("T1619", "Cloud Storage Object Discovery", [.discovery]),
    ("T1654", "Log Enumeration", [.discovery]),
    ("T1021", "Remote Services", [.lateralMovement]),
    ("T1021.004", "SSH", [.lateralMovement]),
    ("T1210", "Exploitation of Remote Services", [.lateralMovement]),
    ("T1550", "Use Alternate Authentication Material", [.lateralMovement, .defenseEvasion]),
    ("T1550.001", "Application Access Token", [.lateralMovement, .defenseEvasion]),
    ("T1570", "Lateral Tool Transfer", [.lateralMovement]),
    ("T1005", "Data from Local System", [.collection]),
    ("T1074", "Data Staged", [.collection]),
    ("T1074.001", "Local Data Staging", [.collection]),
    ("T1530", "Data from Cloud Storage", [.collection]),
    ("T1560", "Archive Collected Data", [.collection]),
    ("T1560.001", "Archive via Utility", [.collection]),
    ("T1071", "Application Layer Protocol", [.commandAndControl]),
    ("T1071.001", "Web Protocols", [.commandAndControl]),
    ("T1071.004", "DNS", [.commandAndControl]),
    ("T1090", "Proxy", [.commandAndControl]),
    ("T1095", "Non-Application Layer Protocol", [.commandAndControl]),
    ("T1102", "Web Service", [.commandAndControl]),
    ("T1105", "Ingress Tool Transfer", [.commandAndControl]),
    ("T1132", "Data Encoding", [.commandAndControl]),
    ("T1219", "Remote Access Tools", [.commandAndControl]),
    ("T1571", "Non-Standard Port", [.commandAndControl]),
    ("T1572", "Protocol Tunneling", [.commandAndControl]),
    ("T1573", "Encrypted Channel", [.commandAndControl]),
    ("T1041", "Exfiltration Over C2 Channel", [.exfiltration]),
    ("T1048", "Exfiltration Over Alternative Protocol", [.exfiltration]),
    ("T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol", [.exfiltration]),
    ("T1537", "Transfer Data to Cloud Account", [.exfiltration]),
    ("T1567", "Exfiltration Over Web Service", [.exfiltration]),
    ("T1485", "Data Destruction", [.impact]),
    ("T1486", "Data Encrypted for Impact", [.impact]),
    ("T1489", "Service Stop", [.impact]),
    ("T1490", "Inhibit System Recovery", [.impact]),
    ("T1496", "Resource Hijacking", [.impact]),
    ("T1498", "Network Denial of Service", [.impact]),
    ("T1499", "Endpoint Denial of Service", [.impact]),
    ("T1531", "Account Access Removal", [.impact]),
  ]
}
