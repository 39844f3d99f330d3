import Bytes
import Evidence

/// Finds requests that carry an attack in themselves: commands for a web shell, paths out of the web root, known injection
/// forms, the address of the instance's own keys; and bodies of which the firewall saw only a part.
///
/// What one client sends to one path is one finding, as long as no day passes between.
public final class WebRequests: EventDetector {
  public static let version = 8

  private let artifact: Digest
  private var merged = RequestFindings()

  public init(artifact: Digest) { self.artifact = artifact }

  private static let shellNames: [StaticString] = [
    "/shell.jsp", "/cmd.jsp", "/tomcatwar.jsp", "/shell.php", "/cmd.php", "/c99.php", "/r57.php", "/wso.php", "/b374k",
    "/alfa.php", "/webshell", "/cmd.aspx", "/shell.aspx",
    "/behinder", "/godzilla", "/x.jsp", "/1.jsp", "/weevely",
  ]
  public static func concerns(_ dataType: String) -> Bool {
    WebScan.concerns(dataType)
  }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard Self.concerns(event.dataType) else { return }
    let isFirewall = event.dataType == "aws:waf:request"
    let uri = event.text("path") ?? event.text("uri") ?? ""
    let query = event.text("query") ?? ""
    if let what = Self.attack(uri, query) ?? Self.attack(inHeadersOf: event) {
      // What the server did with it is the difference between a try and a hole.
      let status = Self.status(event)
      let isServed = status.map { (200..<300).contains($0) } ?? false
      // Scanners knock at every server; where nothing was there, or the firewall stood before it, nothing was opened. An
      // injection may do its work before the server refuses.
      let isRefused =
        what.rule != "web.injection"
        && status.map { (400..<500).contains($0) }
          ?? (isFirewall && event.text("action") == "BLOCK")
      let severity = isServed ? what.served : isRefused ? min(what.severity, .low) : what.severity
      let finding = finding(event, what.rule, what.title, severity, what.attack, what.words)
      let answer = event.integer("sent_bytes") ?? event.integer("response_bytes") ?? event.integer("bytes")
      merged.add(
        finding, path: uri, site: event.text("host") ?? "",
        answer: status.map { .init(status: $0, size: answer, isName: what.isGuess, climbs: what.climbs) }, report)
    }
    if isFirewall, let unseen = event.integer("body_unseen"), unseen > 0 {
      report(
        finding(
          event, "web.unseen-body", "Body larger than the firewall inspects", .informational, ["T1190"],
          "\(unseen) bytes of the body were not inspected"))
    }
  }

  public func finish(_ report: (Finding) -> Void) { merged.finish(report) }

  /// What the server answered, or the load balancer before it.
  private static func status(_ event: Event) -> Int64? { event.integer("status") ?? event.integer("response_code") }

  private typealias Attack = (
    rule: String, title: String, severity: Severity, served: Severity, attack: [String], words: String, isGuess: Bool,
    climbs: Bool
  )

  /// A function where a browser names itself: a CGI server gives it to its shell.
  private static func attack(inHeadersOf event: Event) -> Attack? {
    for name in ["user_agent", "referer"] {
      guard let text = event.text(name), text.hasPrefix("() {") else { continue }
      return (
        "web.injection", "Known injection in a request", .medium, .medium, ["T1190"], "a Shellshock function", false,
        false
      )
    }
    return nil
  }

  private static func attack(_ uri: String, _ query: String) -> Attack? {
    let whole = uri + "?" + query
    return whole.withView { view -> Attack? in
      guard view.count <= 1 << 16 else { return nil }
      let undone = Encodings.mayHold(view) ? Encodings.undo(view, keepsOrigins: false).bytes : view.array
      return undone.withView { judge($0) }
    }
  }

  private static let signs: [(StaticString, String)] = [
    ("class.module.classLoader", "Spring4Shell's class loader path"),
    ("class.classLoader", "Spring4Shell's class loader path"),
    ("${script:", "a Text4Shell lookup"), ("${url:", "a Text4Shell lookup"), ("${dns:", "a Text4Shell lookup"),
    ("%{(#", "an OGNL expression"), ("${(#", "an OGNL expression"), ("#_memberAccess", "an OGNL expression"),
    ("@java.lang.Runtime", "an OGNL expression"), ("java.lang.ProcessBuilder(", "an OGNL expression"),
    ("redirect:${#", "an OGNL expression"), ("redirectAction:${#", "an OGNL expression"),
    ("T(java.lang.Runtime)", "a Spring expression"), ("#{T(", "a Spring expression"),
    ("() { :;}", "a Shellshock function"), ("() {:;}", "a Shellshock function"),
    ("<?php", "PHP code"), ("php://input", "PHP code"), ("allow_url_include", "PHP code"),
    ("auto_prepend_file", "PHP code"), ("eval(base64_decode(", "PHP code"), ("call_user_func_array&vars", "PHP code"),
    ("php://filter/", "a PHP stream"), ("expect://", "a PHP stream"), ("data://text/plain", "a PHP stream"),
    ("java.lang.Runtime.getRuntime()", "Java code"), ("Runtime.getRuntime().exec(", "Java code"),
    ("javax.script.ScriptEngineManager", "Java code"), ("freemarker.template.utility.Execute", "a template's code"),
    ("__globals__", "a template's code"), ("__subclasses__()", "a template's code"),
    ("require('child_process')", "Node.js code"), ("require(\"child_process\")", "Node.js code"),
    ("process.mainModule", "Node.js code"), ("file:///etc/", "a file's address"), ("file:///proc/", "a file's address"),
    ("gopher://", "an address for another service"), ("xp_cmdshell", "a database's command"),
  ]
  private static let signSet = LiteralSet(exact: signs.map(\.0))
  private static let shellSet = LiteralSet(exact: shellNames)
  private static let climbs = LiteralSet(exact: ["../../", "..\\..\\", "/..;/"])

  private static func judge(_ text: ByteView) -> Attack? {
    let split = text.firstIndex(of: 0x3F) ?? text.count
    let path = text.slice(0, split)
    let query = text.slice(split + 1)
    let isScript = QueryCommand.isScript(path)
    let command = QueryCommand.find(in: query, isScript: isScript)
    let isGuess = shellSet.lowest(in: path) != nil || isScript && QueryCommand.isDressed(path)
    if isGuess || command != nil && isScript {
      let isShell = command == .certain || command == .likely && (isGuess || QueryCommand.isAstray(path))
      return (
        "web.web-shell", "Request to a web shell", .medium, isShell ? .high : .medium, ["T1505.003"],
        "a request for \(path.slice(0, 120).string)", isGuess, false
      )
    }
    let isInjected = QueryCommand.fetches(query) || InjectedCommand.occurs(in: query)
    if let command = isInjected ? .certain : command {
      let severity: Severity = command == .certain ? .medium : .low
      return (
        "web.command-injection", "Command in a request", severity, severity, ["T1190"], "a command in the query", false,
        false
      )
    }
    if let metadata = metadata(text, path) { return metadata }
    if let sign = signSet.lowest(in: text) {
      return ("web.injection", "Known injection in a request", .medium, .medium, ["T1190"], signs[sign].1, false, false)
    }
    if climbs.lowest(in: text) != nil,
      text.contains("/etc/") || text.contains("WEB-INF") || text.contains("win.ini") || text.contains("/proc/self")
        || text.contains("/bin/sh") || text.contains("/bin/bash")
    {
      return (
        "web.path-traversal", "Path out of the web root", .low, .medium, ["T1190", "T1083"],
        "a path out of the web root", false, climbs.lowest(in: path) != nil
      )
    }
    return nil
  }

  private static let metadataPaths = LiteralSet(exact: [
    "meta-data", "security-credentials", "latest/user-data", "latest/api/token", "latest/dynamic", "computeMetadata/",
    "/v2/credentials",
  ])

  /// Whether the server is made to ask its instance for what only it may know: `?url=http://169.254.169.254/…`, or the
  /// service's own path where a proxy goes wherever it is told.
  private static func metadata(_ text: ByteView, _ path: ByteView) -> Attack? {
    guard metadataPaths.occurs(in: text) else { return nil }
    let title = "Instance metadata asked for through the server"
    let isDirect = path.hasPrefix("/latest/meta-data/iam/security-credentials")
    guard isDirect || MetadataAddress.occurs(in: text) else { return nil }
    guard !isDirect, MetadataAddress.namesCredentials(text) else {
      return (
        "web.metadata-request", title, .low, .low, ["T1552.005"], "a request for the instance's metadata", false, false
      )
    }
    return (
      "web.metadata-request", title, .medium, namesRole(text) ? .high : .medium, ["T1552.005", "T1190"],
      "a request for the instance's role credentials", false, false
    )
  }

  /// Names that scanners try without having seen the list of roles.
  private static let guessedRoles = NameTable([
    "admin", "administrator", "dummy", "role", "test", "root", "default", "flaws", "s3access", "photoninstance",
    "ec2-instance",
    "ec2-default-ssm", "aws-elasticbeanstalk-ec2-role", "aws-elasticbeanstalk-service-role", "aws-opsworks-ec2-role",
    "ecsinstancerole",
  ])

  /// Whether the role is called by its name, which who asks has from an answer to an earlier request.
  private static func namesRole(_ text: ByteView) -> Bool {
    let words = ByteView("security-credentials/")
    guard let place = text.firstIndex(of: words) else { return false }
    let start = place + words.count
    var end = start
    while end < text.count, end - start <= 64, isWordByte(text[end]) || isAny(text[end], of: "-+=,.@") { end += 1 }
    return end > start && !guessedRoles.contains(text.slice(start, end))
  }

  private func finding(
    _ event: Event, _ rule: String, _ title: String, _ severity: Severity, _ attack: [String], _ words: String
  ) -> Finding {
    let client = event.text("client_ip") ?? event.text("remote_address") ?? "an unnamed client"
    var entities = event.entities
    entities.addNew(AddressText.entity(client))
    var attributes: [Attribute] = [Attribute("client_ip", client)]
    attributes.add("uri", event.text("uri").map { String($0.prefix(4096)) })
    attributes.add("query", event.text("query").map { String($0.prefix(4096)) })
    attributes.add("status", Self.status(event))
    attributes.add("action", event.dataType == "aws:waf:request" ? event.text("action") : nil)
    let answer =
      Self.status(event).map { ", answered with \($0)" } ?? event.text("action").map { ", action \($0)" } ?? ""
    return Finding(
      rule: rule, title: title, severity: severity, confidence: .medium, attack: attack, firstSeen: event.time,
      entities: entities,
      evidence: [event.reference(artifact)], message: "\(client) sent \(words)\(answer).", attributes: attributes)
  }
}
