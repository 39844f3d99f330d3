import Evidence

/// Tells what a scanner tries as one thing: one who knocks with the same lookup at a thousand pages is one finding, with all
/// the places where he was seen. So are calls that one identity is denied again and again.
///
/// Only attempts are gathered, and only where there are more than a few; what succeeded has findings of its own before. Of
/// requests that the server answered each page stays by itself, for one of them may be the hole.
enum ProbeGroups {
  private struct Key: Hashable {
    var rule: String
    var severity: Severity
    var client: String
    var target: String
  }

  /// So many are told one by one.
  private static let few = 3
  /// The same of lookups that were resolved: they are the story, and each may say more.
  private static let fewOfSuccess = 64
  /// Places of one finding; more make another.
  private static let maximumPlaces = 4096
  private static let maximumEntities = 256

  /// - Parameters:
  ///   - findings: in their order, which is kept.
  ///   - successes: the ends where the server called back.
  static func gather(_ findings: [Finding], besides successes: Set<Endpoint> = []) -> [Finding] {
    var members: [Key: [Int]] = [:]
    for index in findings.indices {
      if let key = key(of: findings[index]) { members[key, default: []].append(index) }
    }
    var gathered: [Int: Finding] = [:]
    var gone: Set<Int> = []
    for group in members.values where group.count > few {
      let isSuccess = group.first.flatMap { findings[$0].remoteEnd }.map(successes.contains) ?? false
      if isSuccess, group.count <= fewOfSuccess { continue }
      var rest = group[...]
      while let first = rest.first {
        var count = 0
        var places = 0
        while count < rest.count, places < maximumPlaces {
          places += findings[rest[rest.startIndex + count]].evidence.count
          count += 1
        }
        let part = rest.prefix(count)
        rest = rest.dropFirst(count)
        guard part.count > 1 else { continue }
        gathered[first] = one(part.map { findings[$0] })
        gone.formUnion(part.dropFirst())
      }
    }
    guard !gathered.isEmpty else { return findings }
    return findings.indices.compactMap { gone.contains($0) ? nil : gathered[$0] ?? findings[$0] }
  }

  private static func key(of finding: Finding) -> Key? {
    guard finding.severity <= .medium, finding.pid == nil, finding.evidence.first?.locator.physical == nil else {
      return nil
    }
    let client = finding.text("client_ip") ?? ""
    if finding.rule.hasPrefix("web.") {
      guard !client.isEmpty else { return nil }
      let isServed = finding.number("status").map { (200..<300).contains($0) } ?? false
      return Key(
        rule: finding.rule, severity: finding.severity, client: client,
        target: isServed ? "served \(finding.text("uri") ?? "")" : "")
    }
    if let type = finding.text("data_type"), !finding.rule.contains("."),
      type.hasPrefix("web:access") || type == "aws:waf:request" || type == "aws:alb:request"
    {
      // What a Sigma rule says of a request.
      guard let address = finding.entities.first(where: { $0.kind == .address })?.value else { return nil }
      return Key(rule: finding.rule, severity: finding.severity, client: address, target: "")
    }
    if finding.rule.hasPrefix("cloud.") {
      guard finding.text("error_code") != nil, let name = finding.text("event_name") else { return nil }
      let who = finding.entities.filter { [.role, .user, .instance].contains($0.kind) }.map(\.value)
      return Key(
        rule: finding.rule, severity: finding.severity, client: finding.text("remote_host") ?? "",
        target: "\(name) \(who.joined(separator: " "))")
    }
    // What somebody typed is no probe.
    guard finding.isLog4ShellPayload, finding.text("attribute")?.hasPrefix("command") != true else { return nil }
    let end = finding.remoteEnd.map { "\(site($0.host)):\($0.port)" } ?? ""
    return Key(
      rule: finding.rule, severity: finding.severity, client: client,
      target: "\(end) \(finding.text("inner_command") ?? "") \(finding.text("leaks") ?? "")")
  }

  /// Services that tell of lookups give each a name of its own: `c9x1.oast.fun` is at `oast.fun`.
  private static func site(_ host: String) -> String {
    if AddressRange.isAddress(host) { return host }
    return host.split(separator: ".").suffix(2).joined(separator: ".")
  }

  /// The first speaks for all.
  private static func one(_ group: [Finding]) -> Finding {
    guard var whole = group.first else {
      return Finding(rule: "", title: "", severity: .low, evidence: [], message: "")
    }
    var places = Set(whole.evidence)
    var entities = Set(whole.entities)
    var payloads = Set([whole.payload].compactMap { $0 })
    var more: [String] = []
    var pages: [String] = []
    var seenPages: Set<String> = []
    for finding in group {
      for place in finding.evidence where places.insert(place).inserted { whole.evidence.append(place) }
      for entity in finding.entities where entities.count < maximumEntities && entities.insert(entity).inserted {
        whole.entities.append(entity)
      }
      for technique in finding.attack where !whole.attack.contains(technique) { whole.attack.append(technique) }
      if let payload = finding.payload, payloads.insert(payload).inserted, more.count < 32 { more.append(payload) }
      if let page = finding.text("uri"), seenPages.count < 1000, seenPages.insert(page).inserted { pages.append(page) }
      whole.confidence = max(whole.confidence, finding.confidence)
    }
    whole.firstSeen = group.compactMap(\.firstSeen).min()
    whole.lastSeen = group.compactMap(\.lastSeen).max()
    let requests = group.reduce(Int64(0)) { $0 &+ max(1, $1.number("requests", "occurrences") ?? 1) }
    let span = [whole.firstSeen, whole.lastSeen].compactMap { $0?.description }.joined(separator: " to ")
    whole.message += " \(group.count) such findings are told as one: \(requests) times"
    if !span.isEmpty { whole.message += ", \(span)" }
    if pages.count > 1 { whole.message += ", at \(pages.count) pages: \(pages.prefix(6).joined(separator: ", "))" }
    whole.message += "."
    whole.attributes.removeAll { ["requests", "other_payloads"].contains($0.name) }
    whole.attributes.add("requests", requests)
    whole.attributes.add("other_payloads", more)
    whole.attributes.add("pages", Array(pages.prefix(64)))
    return whole
  }
}
