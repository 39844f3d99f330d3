import Bytes
import Evidence

/// Finds shells and interpreters that hold a connection to another machine, in the rows of netstat, ss and lsof and of a
/// memory image's socket view.
///
/// A shell has no business with the network: an established connection that it owns, on no port that the machine listens
/// on, is someone else's terminal. Where the connection is also its standard input and output there is no other reading.
/// Interpreters do talk to services, so they count only on an odd port or with their input there.
public final class ReverseShellSocket: EventDetector {
  public static let version = 3

  private let artifact: Digest
  private var connections: [Key: Connection] = [:]
  private var order: [Key] = []
  private var listening: Set<Int64> = []
  /// Connections of programs that are none of these: a child may have inherited one.
  private var ordinary: Set<Ends> = []
  /// A host holds some thousand sockets; a made-up listing ends here.
  private static let maximum = 100_000

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Key: Hashable {
    var pid: Int64
    var local: String
    var remote: String
    var networkProtocol: String
  }

  private struct Ends: Hashable {
    var local: String
    var remote: String
  }

  private struct Connection {
    var program: String
    var kind: Kind
    var remoteHost: String
    var remotePort: Int64
    var localPort: Int64
    var descriptors: Set<Int64> = []
    var evidence: [EvidenceReference]
    var entities: [Entity]
    var time: Timestamp?
    var isEstablished: Bool
  }

  private enum Kind { case shell, tool, interpreter, hidden }

  private static let shells: Set<String> = [
    "bash", "sh", "dash", "zsh", "ksh", "ash", "rbash", "csh", "tcsh", "fish", "mksh", "busybox",
  ]
  private static let tools: Set<String> = [
    "nc", "ncat", "netcat", "socat", "telnet", "nc.openbsd", "nc.traditional", "cryptcat", "pwncat", "rcat",
  ]
  private static let interpreters = [
    "python", "perl", "ruby", "php", "lua", "awk", "gawk", "mawk", "tclsh", "pwsh", "osascript",
  ]

  private static func kind(_ name: String) -> Kind? {
    // A login shell is written with a hyphen.
    let name = name.hasPrefix("-") ? String(name.dropFirst()) : name
    if shells.contains(name) { return .shell }
    if tools.contains(name) { return .tool }
    // `php-fpm` and its like are servers.
    if interpreters.contains(where: {
      name == $0 || name.hasPrefix($0) && name.dropFirst($0.count).allSatisfy { $0.isNumber || $0 == "." }
    }) {
      return .interpreter
    }
    return name.hasPrefix(".") && name.count > 1 ? .hidden : nil
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard let localPort = event.integer("local_port"), case let name = event.programName ?? "" else { return }
    let state = event.text("state") ?? ""
    if state == "LISTEN" || state == "LISTENING" {
      if listening.count < 65536 { listening.insert(localPort) }
      return
    }
    guard let remotePort = event.integer("remote_port"), remotePort > 0, let pid = event.integer("pid") else { return }
    guard let kind = Self.kind(name) else {
      if ordinary.count < Self.maximum { ordinary.insert(Self.ends(event, localPort, remotePort)) }
      return
    }
    guard
      state == "ESTABLISHED" || state == "ESTAB" || state == "SYN_SENT" || state == "CLOSE_WAIT" || state.isEmpty
    else { return }
    let remote = AddressText.plain(event.text("remote_address") ?? event.text("remote_host") ?? "")
    guard !AddressText.isLocal(remote) else { return }
    let local = AddressText.plain(event.text("local_address") ?? event.text("local_host") ?? "")
    // To itself: nobody is at the other end.
    guard local != remote else { return }
    let networkProtocol = (event.text("protocol") ?? "tcp").lowercased().hasPrefix("udp") ? "udp" : "tcp"
    let key = Key(
      pid: pid, local: "\(local):\(localPort)", remote: "\(remote):\(remotePort)", networkProtocol: networkProtocol)
    if connections[key] == nil {
      guard order.count < Self.maximum else { return }
      order.append(key)
    }
    var connection =
      connections[key]
      ?? Connection(
        program: name, kind: kind, remoteHost: remote, remotePort: remotePort, localPort: localPort, evidence: [],
        entities: event.entities, time: event.time, isEstablished: false)
    if state.hasPrefix("ESTAB") { connection.isEstablished = true }
    if let number = event.integer("fd_number") { connection.descriptors.insert(number) }
    if connection.evidence.count < 8 { connection.evidence.append(event.reference(artifact)) }
    connections[key] = connection
  }

  private static func ends(_ event: Event, _ localPort: Int64, _ remotePort: Int64) -> Ends {
    let local = AddressText.plain(event.text("local_address") ?? event.text("local_host") ?? "")
    let remote = AddressText.plain(event.text("remote_address") ?? event.text("remote_host") ?? "")
    return Ends(local: "\(local):\(localPort)", remote: "\(remote):\(remotePort)")
  }

  public func finish(_ report: (Finding) -> Void) {
    for key in order {
      guard let connection = connections[key], !listening.contains(connection.localPort) else { continue }
      if let finding = finding(key, connection) { report(finding) }
    }
    connections = [:]
    order = []
    listening = []
    ordinary = []
  }

  /// Ports of services that scripts use every day.
  private static let services: Set<Int64> = [
    20, 21, 22, 25, 53, 80, 88, 110, 123, 143, 389, 443, 465, 587, 636, 993, 995, 1433, 1521, 2049, 2375, 2376, 3306,
    5432, 5672, 6379,
    8080, 8443, 9092, 9200, 9300, 11211, 27017,
  ]

  private static let waitedFor: Set<Int64> = [1433, 1521, 3306, 5432, 5672, 6379, 9092, 9200, 11211, 27017]

  private func finding(_ key: Key, _ connection: Connection) -> Finding? {
    let isTerminal =
      connection.descriptors.contains(0) && (connection.descriptors.contains(1) || connection.descriptors.contains(2))
    let isStandard = !connection.descriptors.isDisjoint(with: [0, 1, 2])
    // A server that starts a shell may leave its own connections open in it (PHP does).
    if !isStandard, !connection.descriptors.isEmpty, ordinary.contains(Ends(local: key.local, remote: key.remote)) {
      return nil
    }
    let isNear = AddressText.isPrivate(connection.remoteHost)
    // Scripts wait for a database of their own network through /dev/tcp, and take no orders from it.
    let isWait =
      connection.kind == .shell && isNear && Self.waitedFor.contains(connection.remotePort)
      && !connection.descriptors.contains(0)
    let severity: Severity
    switch connection.kind {
    case .shell where isTerminal: severity = .critical
    case .shell: severity = connection.isEstablished && !isWait ? .high : .medium
    case .interpreter where isTerminal: severity = .critical
    // A script that talks to a service does its work.
    case .interpreter where Self.services.contains(connection.remotePort): return nil
    case .interpreter: severity = isNear || key.networkProtocol == "udp" ? .low : .medium
    case .tool: severity = isTerminal ? .high : Self.services.contains(connection.remotePort) ? .low : .medium
    case .hidden: severity = .high
    }
    let isHidden = connection.kind == .hidden
    var message = "\(connection.program) (pid \(key.pid)) holds \(key.networkProtocol) \(key.local) -> \(key.remote)"
    if isTerminal { message += " as its standard input and output" }
    message += isHidden ? "; a program whose name begins with a dot hides from listings." : "."
    var entities = connection.entities
    entities.addNew(Entity(.process, String(key.pid)))
    entities.addNew(AddressText.entity(connection.remoteHost))
    entities.addNew(Entity(.socket, "\(key.local)->\(key.remote)/\(key.networkProtocol)"))
    var attributes: [Attribute] = [
      Attribute("pid", key.pid), Attribute("program", connection.program),
      Attribute("remote_host", connection.remoteHost),
      Attribute("remote_port", connection.remotePort), Attribute("local", key.local),
      Attribute("protocol", key.networkProtocol),
    ]
    attributes.add("descriptors", connection.descriptors.sorted().map(String.init))
    return Finding(
      rule: isHidden ? "behaviour.hidden-program-socket" : "reverse-shell.socket",
      title: isHidden ? "Hidden program with a connection" : "Shell connected to another machine", severity: severity,
      // What a script or a client does is not known from its socket: its far end is nobody's yet.
      confidence: isWait
        ? .low
        : connection.kind == .shell && connection.isEstablished || isTerminal
          ? .high : connection.kind == .shell || isHidden ? .medium : .low,
      attack: isHidden ? ["T1564.001", "T1071"] : ["T1059.004", "T1095"], firstSeen: connection.time,
      entities: entities,
      evidence: connection.evidence, message: message, attributes: attributes)
  }
}
