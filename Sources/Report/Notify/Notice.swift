import Bytes
import Evidence
import Foundation
import Timeline

/// What a message to a channel says of a report: the verdict, the host, the worst findings, and where the report is.
///
/// Read from the files of a report, which are masked already; every text is masked once more and freed of control characters
/// here, since a message goes to people who may not see the evidence.
public struct Notice: Sendable {
  public struct Item: Hashable, Sendable {
    public var id: String
    public var severity: Severity
    public var title: String
    public var message: String
    public var first: String?
    public var attack: [String]

    /// Time, techniques and the id's beginning, by which `ir-analyze show` finds it.
    var line: String {
      let parts: [String] = [first ?? "", attack.joined(separator: " "), String(id.prefix(8))]
      return parts.filter { !$0.isEmpty }.joined(separator: " · ")
    }
  }

  public var title: String
  public var severity: Severity?
  public var verdict: [String]
  /// Facts with their names, in order: host, account, role, addresses.
  public var facts: [(name: String, value: String)]
  public var items: [Item]
  /// Findings beside those that are listed.
  public var more: Int
  /// Where the report is: a path or an address.
  public var place: String

  /// - Parameters:
  ///   - folder: of a report.
  ///   - findings: ids, or beginnings of ids, to tell; empty for the worst ones.
  ///   - place: where readers find the report.
  /// - Throws: `BytesError`, where the folder holds no report or not such a finding.
  public init(report folder: String, findings wanted: [String] = [], place: String) throws {
    let incident = try MappedFile(path: folder + "/incident.json")
    let lines = try MappedFile(path: folder + "/findings.jsonl")
    (title, severity, verdict, facts) = incident.withView { Self.head(JSONView($0)) }
    let all = lines.withView { view in view.split(0x0A, limit: .max).compactMap { Self.item(JSONView($0)) } }
    items = Array(all.prefix(Self.maximumItems))
    if !wanted.isEmpty {
      items = try wanted.map { id in
        guard let found = all.first(where: { $0.id.hasPrefix(id.lowercased()) }), !id.isEmpty else {
          throw BytesError(.cannotRead, "\(folder)/findings.jsonl has no finding \(id)")
        }
        return found
      }
    }
    more = max(all.count - items.count, 0)
    self.place = Self.clean(place)
  }

  /// Findings that one message lists.
  public static let maximumItems = 5

  private static func head(_ json: JSONView) -> (String, Severity?, [String], [(name: String, value: String)]) {
    var facts: [(name: String, value: String)] = []
    let host = json["host"]
    func add(_ name: String, _ values: [String?]) {
      let text = values.compactMap { $0 }.filter { !$0.isEmpty }.prefix(6).joined(separator: ", ")
      if !text.isEmpty { facts.append((name, clean(text))) }
    }
    add("Host", [host?["instance"]?.string, host?["hostname"]?.string])
    add("Account", [host?["account"]?.string, host?["region"]?.string])
    add("Role", [host?["role"]?.string])
    add("Attack's addresses", json["attackers"]?.elements.map(\.string) ?? [])
    add("From", [json["first"]?.string])
    add("Until", [json["last"]?.string])
    let counts = json["counts"]?["findings"]
    add(
      "Findings",
      Severity.allCases.reversed().map { severity in
        var count: Int64 = 0
        counts?.forEachMember { key, value in
          if key.string == severity.rawValue { count = value.integer ?? 0 }
          return true
        }
        return count > 0 ? "\(count) \(severity.rawValue)" : nil
      })
    return (
      clean(json["title"]?.string ?? ""), json["severity"]?.string.flatMap(Severity.init),
      (json["verdict"]?.elements ?? []).compactMap(\.string).map(clean), facts
    )
  }

  private static func item(_ json: JSONView) -> Item? {
    guard let id = json["id"]?.string, let severity = json["severity"]?.string.flatMap(Severity.init) else {
      return nil
    }
    return Item(
      id: clean(id), severity: severity, title: clean(json["title"]?.string ?? ""),
      message: clean(json["message"]?.string ?? ""), first: json["first_seen"]?.string.map(clean),
      attack: (json["attack"]?.elements ?? []).compactMap(\.string).map(clean))
  }

  /// Masked, on one line, without what terminals and chat programs obey: control characters and marks of direction.
  static func clean(_ text: String) -> String {
    let masked = SecretMask.mask(text) { _, _ in } ?? text
    var out = String.UnicodeScalarView()
    for scalar in masked.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x2028, 0x2029: out.append(" ")
      case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: continue
      default: out.append(scalar)
      }
    }
    return String(out)
  }
}
