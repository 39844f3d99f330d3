import Bytes
import Evidence

/// What a GuardDuty finding says was done: a connection, a probe of ports, a query, a call of an API, a login.
struct GuardDutyAction {
  /// One port of a probe, and who looked at it.
  private struct Probe {
    var remote: String?
    var near: String
    var details: JSONView?
  }

  private static let maximumProbes = 1000

  private let json: JSONView?
  private let resource: JSONView?
  private(set) var remote, domain, local, direction, transport: String?
  private(set) var remotePort, localPort: Int64?
  /// Country and organization of the far end.
  private var remoteDetails: JSONView?
  private var probes: [Probe] = []

  /// - Parameter near: the address of the instance's first interface.
  init(_ json: JSONView?, resource: JSONView?, near: String?) {
    self.json = json
    self.resource = resource
    // One kind of action is filled in.
    var kind: JSONView?
    json?.forEachMember { _, value in
      if kind == nil, value.kind == .object { kind = value }
      return true
    }
    // A probe lists its ports with a far end each; the first stands for all.
    let probed = kind?.member("portProbeDetails")?.elements(upTo: Self.maximumProbes) ?? []
    let place = probed.first ?? kind
    remoteDetails = place?.member("remoteIpDetails")
    remote = Self.address(remoteDetails) ?? kind?.member("sourceIps")?.strings.first
    remotePort = place?.member("remotePortDetails")?.member("port")?.integer
    localPort = place?.member("localPortDetails")?.member("port")?.integer
    local = Self.address(place?.member("localIpDetails")) ?? near
    direction = kind?.member("connectionDirection")?.kept ?? (probed.isEmpty ? nil : "INBOUND")
    transport = kind?.member("protocol")?.kept?.lowercased()
    domain = kind?.member("domain")?.kept
    probes = probed.map {
      let near = Self.end(
        Self.address($0.member("localIpDetails")) ?? local, $0.member("localPortDetails")?.member("port")?.integer)
      let details = $0.member("remoteIpDetails")
      return Probe(remote: Self.address(details), near: near, details: details)
    }
  }

  /// The address of `remoteIpDetails` or `localIpDetails`, in the form by which sources are joined.
  private static func address(_ details: JSONView?) -> String? {
    guard let text = details?.member("ipAddressV4")?.kept ?? details?.member("ipAddressV6")?.kept else { return nil }
    return text.withView(IPAddress.normal) ?? text
  }

  private static func end(_ address: String?, _ port: Int64?) -> String {
    guard let address else { return "the instance" + (port.map { " port \($0)" } ?? "") }
    guard let port else { return address }
    return address.utf8.contains(0x3A) ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  private var call: JSONView? { object("awsApiCallAction") }
  private var cluster: JSONView? { object("kubernetesApiCallAction") }
  private var login: JSONView? { object("rdsLoginAttemptAction") }

  private func object(_ name: StaticString) -> JSONView? {
    json?.member(name).flatMap { $0.kind == .object ? $0 : nil }
  }

  private var database: String? { resource?.member("rdsDbInstanceDetails")?.member("dbInstanceIdentifier")?.kept }

  private var databaseUser: String? {
    resource?.member("rdsDbUserDetails")?.member("user")?.kept
      ?? login?.member("loginAttributes")?.elements(upTo: 1).first?.member("user")?.kept
  }

  private var clusterUser: String? {
    resource?.member("kubernetesDetails")?.member("kubernetesUserDetails")?.member("username")?.kept
  }

  var type: String? { json?.member("actionType")?.kept }

  // MARK: Facts

  func add(to all: inout [Attribute]) {
    all.add("direction", direction)
    all.add("protocol", transport)
    all.add("domain", domain)
    all.add("event_name", call?.member("api")?.kept)
    all.add("event_source", call?.member("serviceName")?.kept)
    all.add("caller_type", call?.member("callerType")?.kept)
    all.add("error_code", call?.member("errorCode")?.kept)
    all.add("kubernetes_verb", cluster?.member("verb")?.kept)
    all.add("kubernetes_uri", cluster?.member("requestUri")?.kept)
    all.add("kubernetes_user", clusterUser)
    all.add("user_agent", cluster?.member("userAgent")?.kept)
    all.add("response_code", cluster?.member("statusCode")?.integer)
    all.add("database", database)
    all.add("database_user", databaseUser)
    all.add("remote_country", remoteDetails?.member("country")?.member("countryName")?.kept)
    all.add("remote_organization", remoteDetails?.member("organization")?.member("org")?.kept)
    all.add("remote_asn", remoteDetails?.member("organization")?.member("asn")?.integer)
    if probes.count > 1 { all.add("probes", probes.map(words)) }
  }

  var entities: [Entity] {
    var all: [Entity] = []
    if let remote { all.append(Entity(.address, remote)) }
    for probe in probes {
      if let address = probe.remote, address != remote { all.append(Entity(.address, address)) }
    }
    if let domain { all.append(Entity(.domain, domain)) }
    if let local { all.append(Entity(.address, local)) }
    if let local, let localPort, let remote, let remotePort {
      let ends = "\(Self.end(local, localPort))->\(Self.end(remote, remotePort))/\(transport ?? "tcp")"
      all.append(Entity(.socket, ends))
    }
    if let user = databaseUser ?? clusterUser { all.append(Entity(.user, user)) }
    return all
  }

  // MARK: Words

  /// `tcp 10.0.2.15:51270 -> 203.0.113.66:4444` · `login to shop-db as admin from 203.0.113.66`; nil where nothing is said.
  var happening: String? {
    let from = remote.map { " from \($0)" } ?? ""
    if let api = call?.member("api")?.kept { return "call \(api)" + from }
    if let cluster {
      let what = [cluster.member("verb")?.kept, cluster.member("requestUri")?.kept].compactMap { $0 }
      let who = clusterUser.map { " by \($0)" } ?? ""
      return "Kubernetes call \(what.isEmpty ? "of unknown kind" : what.joined(separator: " "))" + who + from
    }
    if login != nil {
      return "login to \(database ?? "the database")" + (databaseUser.map { " as \($0)" } ?? "") + from
    }
    if let remote {
      let far = Self.end(remote, remotePort)
      var text =
        "\(transport ?? "connection") \(Self.end(local, localPort)) \(direction == "INBOUND" ? "<-" : "->") \(far)"
      if probes.count > 1 { text += " and \(probes.count - 1) more" }
      return text
    }
    return domain.map { "query \($0)" }
  }

  /// `10.0.2.15:22 <- 203.0.113.66 (Korea, Example Telecom)`
  private func words(_ probe: Probe) -> String {
    let known = [
      probe.details?.member("country")?.member("countryName")?.kept,
      probe.details?.member("organization")?.member("org")?.kept,
    ].compactMap { $0 }
    return "\(probe.near) <- \(probe.remote ?? "?")" + (known.isEmpty ? "" : " (\(known.joined(separator: ", ")))")
  }
}
