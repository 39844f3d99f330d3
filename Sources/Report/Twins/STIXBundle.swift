import Bytes
import Evidence
import Timeline

/// `stix.json`: the story as a STIX 2.1 bundle.
///
/// Names no actor: the bundle says what was seen. Ids are UUID version 5, so that a second run makes the same bundle;
/// those of observables follow the specification's own namespace and contributing properties (STIX 2.1, section 2.9).
struct STIXBundle {
  private let report: ReportModel
  /// When the objects count as made: the last moment that the evidence tells of. The clock on the wall would differ.
  private let made: String
  private var objects: [String: [UInt8]] = [:]

  private static let observableNamespace: [UInt8] = [
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
  ]

  init(_ report: ReportModel) {
    self.report = report
    let last = report.incident.last ?? report.index.lastSeen ?? Timestamp(nanoseconds: 0)
    made = Self.time(last)
  }

  mutating func json() -> [UInt8] {
    let producer = id("identity", "ir-analyze")
    add(producer, "identity") { json in
      json.field("name", "ir-analyze")
      json.field("identity_class", "system")
    }
    let story = report.incident.findings.filter { report.incident.storyFindings.contains($0.id) }
    let patterns = techniques(story)
    let indicators = indicate(story, patterns)
    observe(story, indicators)
    respond()
    if story.contains(where: { $0.rule.hasPrefix("log4shell.") }) { vulnerability() }
    let references = objects.keys.sorted()
    add(id("report", report.title), "report") { [report, made] json in
      json.field("created_by_ref", producer)
      json.field("name", report.title)
      json.field("description", report.incident.verdict.map { Phrases(.english).text($0) }.joined(separator: " "))
      json.field("report_types", ["threat-report"])
      json.field("published", made)
      json.field("object_refs", references)
    }
    var json = JSONWriter()
    json.object { json in
      json.field("type", "bundle")
      json.field("id", id("bundle", references.joined(separator: ",")))
      json.field(
        "objects", array: { json in for id in objects.keys.sorted() { if let one = objects[id] { json.raw(one) } } })
    }
    json.newline()
    return json.bytes
  }

  // MARK: Parts

  private mutating func techniques(_ story: [Finding]) -> [String: String] {
    var ids: [String: String] = [:]
    for technique in Set(story.flatMap(\.attack)).sorted() {
      guard let known = AttackCatalog.technique(technique) else { continue }
      let name = id("attack-pattern", technique)
      ids[technique] = name
      add(name, "attack-pattern") { json in
        json.field("name", known.name)
        json.field(
          "external_references",
          array: { json in
            json.object { json in
              json.field("source_name", "mitre-attack")
              json.field("external_id", technique)
              json.field("url", "https://attack.mitre.org/techniques/" + technique.replacing(".", with: "/"))
            }
          })
        json.field(
          "kill_chain_phases",
          array: { json in
            for tactic in known.tactics {
              json.object { json in
                json.field("kill_chain_name", "mitre-attack")
                json.field("phase_name", tactic.rawValue)
              }
            }
          })
      }
    }
    return ids
  }

  /// Indicators for what belongs to the attack alone: its addresses, names and files.
  private mutating func indicate(_ story: [Finding], _ patterns: [String: String]) -> [Entity: String] {
    var made: [Entity: String] = [:]
    let attacks = Dictionary(story.map { ($0.id, $0.attack) }, uniquingKeysWith: { first, _ in first })
    for entity in report.incident.entities {
      let value = Self.quote(entity.entity.value)
      let pattern: String
      switch entity.entity.kind {
      case .address where entity.side == .attacker:
        pattern = "[\(entity.entity.value.utf8.contains(0x3A) ? "ipv6" : "ipv4")-addr:value = '\(value)']"
      case .domain where entity.side == .attacker: pattern = "[domain-name:value = '\(value)']"
      case .hash where entity.entity.value.utf8.count == 64: pattern = "[file:hashes.'SHA-256' = '\(value)']"
      default: continue
      }
      let name = id("indicator", entity.entity.text)
      made[entity.entity] = name
      let from = entity.first.map(Self.time) ?? self.made
      let described = "Named by \(entity.findings.count) findings of \(report.title)."
      add(name, "indicator") { json in
        json.field("name", entity.entity.text)
        json.field("description", described)
        json.field("indicator_types", ["malicious-activity"])
        json.field("pattern", pattern)
        json.field("pattern_type", "stix")
        json.field("valid_from", from)
      }
      let techniques = Set(entity.findings.flatMap { attacks[$0] ?? [] }.compactMap { patterns[$0] })
      for target in techniques.sorted() {
        add(id("relationship", name, target), "relationship") { json in
          json.field("relationship_type", "indicates")
          json.field("source_ref", name)
          json.field("target_ref", target)
        }
      }
    }
    return made
  }

  private mutating func observe(_ story: [Finding], _ indicators: [Entity: String]) {
    for finding in story {
      var references: [String] = []
      for entity in finding.entities { if let name = observable(entity) { references.append(name) } }
      guard !references.isEmpty else { continue }
      let first = finding.firstSeen.map(Self.time) ?? made
      let last = finding.lastSeen.map(Self.time) ?? first
      let name = id("observed-data", finding.id)
      add(name, "observed-data") { json in
        json.field("first_observed", first)
        json.field("last_observed", last)
        json.field("number_observed", max(1, min(finding.evidence.count, 999_999_999)))
        json.field("object_refs", Array(Set(references)).sorted())
      }
      for entity in finding.entities {
        guard let indicator = indicators[entity] else { continue }
        add(id("sighting", indicator, name), "sighting") { json in
          json.field("sighting_of_ref", indicator)
          json.field("observed_data_refs", [name])
          json.field("first_seen", first)
          json.field("last_seen", last)
        }
      }
    }
  }

  private mutating func observable(_ entity: Entity) -> String? {
    let type: String
    let property: String
    switch entity.kind {
    case .address: (type, property) = (entity.value.utf8.contains(0x3A) ? "ipv6-addr" : "ipv4-addr", "value")
    case .domain: (type, property) = ("domain-name", "value")
    case .url: (type, property) = ("url", "value")
    case .user: (type, property) = ("user-account", "account_login")
    case .file: (type, property) = ("file", "name")
    case .process: return process(entity.value)
    case .hash: return hash(entity.value)
    case .host, .socket, .accessKey, .role, .account, .instance, .container: return nil
    }
    var canonical = JSONWriter()
    canonical.object { $0.field(property, entity.value) }
    let name = "\(type)--" + Self.uuid(canonical.bytes)
    addObservable(name, type) { $0.field(property, entity.value) }
    return name
  }

  /// A process has no contributing properties, so its id is our own.
  private mutating func process(_ pid: String) -> String? {
    guard let number = Int64(pid) else { return nil }
    let name = id("process", report.incident.host.name, pid)
    let node = report.incident.processes.first { $0.pid == number }
    addObservable(name, "process") { json in
      json.field("pid", number)
      if let command = node?.command, !command.isEmpty { json.field("command_line", command) }
      json.field("created_time", node?.start.map(Self.time))
    }
    return name
  }

  private mutating func hash(_ digest: String) -> String? {
    guard digest.utf8.count == 64 else { return nil }
    var canonical = JSONWriter()
    canonical.object { $0.field("hashes", object: { $0.field("SHA-256", digest) }) }
    let name = "file--" + Self.uuid(canonical.bytes)
    addObservable(name, "file") { $0.field("hashes", object: { $0.field("SHA-256", digest) }) }
    return name
  }

  private mutating func respond() {
    let phrases = Phrases(.english)
    for action in report.incident.response {
      let title = phrases.text(action.title)
      add(id("course-of-action", title), "course-of-action") { json in
        json.field("name", title)
        json.field("description", (action.commands.map(\.text) + [phrases.text(action.breaks)]).joined(separator: "\n"))
      }
    }
  }

  private mutating func vulnerability() {
    add(id("vulnerability", "CVE-2021-44228"), "vulnerability") { json in
      json.field("name", "CVE-2021-44228")
      json.field(
        "external_references",
        array: { json in
          json.object { json in
            json.field("source_name", "cve")
            json.field("external_id", "CVE-2021-44228")
          }
        })
    }
  }

  // MARK: Writing

  private mutating func add(_ id: String, _ type: String, _ body: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.object { json in
      json.field("type", type)
      json.field("spec_version", "2.1")
      json.field("id", id)
      json.field("created", made)
      json.field("modified", made)
      body(&json)
    }
    objects[id] = json.bytes
  }

  private mutating func addObservable(_ id: String, _ type: String, _ body: (inout JSONWriter) -> Void) {
    var json = JSONWriter()
    json.object { json in
      json.field("type", type)
      json.field("spec_version", "2.1")
      json.field("id", id)
      body(&json)
    }
    objects[id] = json.bytes
  }

  /// Version 4, which the standard asks of all but the observables with contributing properties (2.9; of a process it is a MUST):
  /// but drawn from the facts, so that a report made again has the same ids.
  private func id(_ type: String, _ parts: String...) -> String {
    "\(type)--" + StableID.uuid("stix", type, report.title, parts.joined(separator: "\u{1F}"), version: 4)
  }

  private static func uuid(_ canonical: [UInt8]) -> String {
    StableID.uuid(namespace: observableNamespace, name: String(decoding: canonical, as: UTF8.self))
  }

  /// Milliseconds, always: the form that the specification asks for.
  static func time(_ time: Timestamp) -> String { String(time.timesketch.prefix(23)) + "Z" }

  /// Inside a pattern's quotes.
  private static func quote(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
  }
}
