import Bytes
import Evidence

/// Finds connections to the ports on which exploit servers answer JNDI lookups: a Java process's sockets, and flows out of
/// the network; of flows that a firewall blocked those to the kits' own ports, as tries.
///
/// Directories and registries of one's own use such ports too, so alone it is at most medium; joined with a payload that
/// names the same address it is the proof that the lookup ran.
public final class JNDICallback: EventDetector {
  public static let version = 2

  private let artifact: Digest
  private var found: [String: Callback] = [:]
  private var order: [String] = []
  private static let maximum = 10_000
  /// LDAP and RMI servers of the common kits (1389, 1099 and their neighbours), and LDAP's own towards the outside.
  private static let ports: Set<Int64> = [1389, 1099, 1388, 1390, 9999, 389, 636]
  private static let kitPorts: Set<Int64> = [1389, 1099, 1388, 1390]

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Callback {
    var message: String
    var remote: String
    var port: Int64
    var pid: Int64?
    var severity: Severity
    var first: Timestamp?
    var last: Timestamp?
    var entities: [Entity]
    var evidence: [EvidenceReference] = []
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    if event.dataType == "aws:vpcflow:record" || event.dataType.hasPrefix("aws:networkfirewall:") {
      return inspectFlow(event)
    }
    guard let port = event.integer("remote_port"), Self.ports.contains(port), event.programName == "java",
      event.text("state")?.hasPrefix("ESTAB") == true || event.text("state") == "CLOSE_WAIT"
        || event.text("state") == "SYN_SENT"
    else { return }
    let remote = AddressText.plain(event.text("remote_address") ?? event.text("remote_host") ?? "")
    guard !AddressText.isPrivate(remote) else { return }
    let pid = event.integer("pid")
    note(
      event, "java\(pid.map { " (pid \($0))" } ?? "") is connected to \(remote):\(port), a port of JNDI servers.",
      remote, port, pid)
  }

  private func inspectFlow(_ event: Event) {
    guard let port = event.integer("dst_port"), Self.ports.contains(port),
      // A server of one's own answers from that port; a client's is high.
      (event.integer("src_port") ?? 0) >= 1024,
      // Some logs leave out the interface's addresses and keep the packets' own.
      let source = event.text("src_address") ?? event.text("pkt_src_address"),
      let remote = event.text("dst_address") ?? event.text("pkt_dst_address"), !Self.isInside(remote),
      Self.isInside(source) || event.text("flow_direction") == "egress"
    else { return }
    switch event.text("action") {
    case "REJECT", "blocked":
      guard Self.kitPorts.contains(port) else { return }
      note(
        event, "\(source) tried to reach \(remote):\(port), a port of JNDI servers, and was blocked.", remote, port,
        nil,
        isBlocked: true)
    default: note(event, "\(source) connected to \(remote):\(port), a port of JNDI servers.", remote, port, nil)
    }
  }

  /// Private, or of the range that carriers and container networks share: 100.64.0.0/10.
  private static func isInside(_ address: String) -> Bool {
    if AddressText.isPrivate(address) { return true }
    guard address.hasPrefix("100."), AddressText.isIPv4(address) else { return false }
    return Int(address.dropFirst(4).prefix { $0 != "." }).map { (64...127).contains($0) } ?? false
  }

  private func note(
    _ event: Event, _ message: String, _ remote: String, _ port: Int64, _ pid: Int64?,
    isBlocked: Bool = false
  ) {
    let key = "\(remote)|\(port)|\(pid ?? -1)|\(isBlocked)"
    if found[key] == nil {
      guard order.count < Self.maximum else { return }
      order.append(key)
    }
    let isUsual = port == 389 || port == 636
    var callback =
      found[key]
      ?? Callback(
        message: message, remote: remote, port: port, pid: pid,
        severity: isUsual || isBlocked || port == 9999 ? .low : .medium, entities: event.entities)
    callback.first = callback.first ?? event.time
    callback.last = event.time ?? callback.last
    if callback.evidence.count < 16 { callback.evidence.append(event.reference(artifact)) }
    found[key] = callback
  }

  public func finish(_ report: (Finding) -> Void) {
    for key in order {
      guard let callback = found[key] else { continue }
      var entities = callback.entities
      entities.addNew(AddressText.entity(callback.remote))
      var attributes: [Attribute] = [
        Attribute("remote_host", callback.remote), Attribute("remote_port", callback.port),
      ]
      attributes.add("pid", callback.pid)
      report(
        Finding(
          rule: "log4shell.callback-port", title: "Connection to a port of JNDI servers", severity: callback.severity,
          confidence: .low,
          attack: ["T1190", "T1105"], firstSeen: callback.first, lastSeen: callback.last, entities: entities,
          evidence: callback.evidence,
          message: callback.message, attributes: attributes))
    }
    found = [:]
    order = []
  }
}
