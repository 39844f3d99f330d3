import Bytes
import Evidence

/// Finds clients that look for what should not be there: settings files, consoles, known weak spots.
///
/// Scanners knock at every address of the Internet, so this is low, unless something was there.
public final class WebScan: EventDetector {
  public static let version = 2

  public static let rule = "web.scan"

  /// What the events that follow were read from: one client may be seen in the logs of many hours.
  public var artifact: Digest
  private var clients: [String: Client] = [:]
  private var order: [String] = []
  private(set) var isFull = false
  private static let maximum = 20_000
  /// Different sensitive paths that make a scan.
  private static let enough = 2

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Client {
    var paths: [String] = []
    var served: [String] = []
    var tool: String?
    var first: Timestamp?
    var last: Timestamp?
    var entities: [Entity]
    var evidence: [EvidenceReference] = []
  }

  static let sensitive: [StaticString] = [
    "/.env", "/.git/", "/.svn/", "/.aws/", "/.ssh/", "/.DS_Store", "/wp-login.php", "/wp-config", "/xmlrpc.php",
    "/phpmyadmin", "/pma/", "/manager/html",
    "/host-manager", "/actuator/env", "/actuator/heapdump", "/actuator/gateway", "/actuator/jolokia", "/jolokia",
    "/solr/admin", "/cgi-bin/", "/vendor/phpunit",
    "/_ignition/", "/server-status", "/HNAP1", "/boaform", "/GponForm", "/setup.cgi", "/owa/auth", "/autodiscover",
    "/druid/", "/nacos/", "/jenkins/script",
    "/console/login", "/invoker/", "/web.config", "/id_rsa", "/backup.sql", "/dump.sql", "/config.json", "/telescope/",
    "/_profiler", "/debug/pprof", "/struts2",
    "/solr/", "/hudson", "/axis2", "/jmx-console", "/web-console", "/s3cmd.ini", "/.htpasswd",
  ]
  private static let tools: [StaticString] = [
    "sqlmap", "nikto", "nmap scripting", "masscan", "zgrab", "nuclei", "wpscan", "dirbuster", "gobuster", "ffuf",
    "feroxbuster", "acunetix", "nessus", "whatweb",
    "l9explore", "jaeles", "wfuzz", "arachni", "openvas",
  ]

  private static let sensitiveSet = LiteralSet(exact: sensitive)
  private static let toolSet = LiteralSet(exact: [], ignoringCase: tools)

  /// Requests, as the firewall, the server or what stands before it noted them.
  public static func concerns(_ dataType: String) -> Bool {
    dataType == "aws:waf:request" || dataType == "aws:alb:request" || dataType == "aws:cloudfront:request"
      || dataType.hasPrefix("web:access")
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard Self.concerns(event.dataType), let uri = event.text("path") ?? event.text("uri") else { return }
    let path = uri.withView { Self.sensitiveSet.lowest(in: $0) }.map { String(describing: Self.sensitive[$0]) }
    let tool = event.text("user_agent").flatMap { agent in
      agent.withView { Self.toolSet.lowest(in: $0) }.map { String(describing: Self.tools[$0]) }
    }
    guard path != nil || tool != nil else { return }
    let name = event.text("client_ip") ?? event.text("remote_address") ?? event.text("remote_host") ?? ""
    if clients[name] == nil {
      guard order.count < Self.maximum else {
        isFull = true
        return
      }
      order.append(name)
    }
    var client = clients[name] ?? Client(entities: event.entities)
    if let path, !client.paths.contains(path) {
      client.paths.append(path)
      if client.evidence.count < 16 { client.evidence.append(event.reference(artifact)) }
      if let status = event.integer("status") ?? event.integer("response_code"), (200..<300).contains(status) {
        client.served.append(path)
      }
    }
    if client.evidence.isEmpty { client.evidence.append(event.reference(artifact)) }
    client.tool = client.tool ?? tool
    if let time = event.time {
      client.first = min(client.first ?? time, time)
      client.last = max(client.last ?? time, time)
    }
    clients[name] = client
  }

  public func finish(_ report: (Finding) -> Void) {
    for name in order {
      guard let client = clients[name], client.paths.count >= Self.enough || client.tool != nil else { continue }
      // Some of these pages exist; a settings file or a repository must not.
      let leaked = client.served.filter {
        [
          "/.env", "/.git/", "/.aws/", "/.ssh/", "/actuator/env", "/actuator/heapdump", "/id_rsa", "/backup.sql",
          "/dump.sql",
        ].contains($0)
      }
      var entities = client.entities
      entities.addNew(AddressText.entity(name))
      var attributes: [Attribute] = [Attribute("client_ip", name)]
      attributes.add("paths", client.paths)
      attributes.add("served", client.served)
      attributes.add("tool", client.tool)
      let what =
        client.paths.isEmpty
        ? "came with \(client.tool ?? "a scanner")" : "asked for \(client.paths.prefix(12).joined(separator: ", "))"
      report(
        Finding(
          rule: Self.rule, title: "Search for weak spots", severity: leaked.isEmpty ? .low : .medium,
          attack: ["T1595.002"], firstSeen: client.first,
          lastSeen: client.last, entities: entities, evidence: client.evidence,
          message: "\(name) \(what)\(leaked.isEmpty ? "" : "; the server answered \(leaked.joined(separator: ", "))").",
          attributes: attributes))
    }
    clients = [:]
    order = []
  }
}
