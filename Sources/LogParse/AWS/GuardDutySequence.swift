import Bytes
import Evidence

/// An attack sequence of GuardDuty's extended threat detection: who acted, from where, and what GuardDuty took as its signs.
///
/// Fields: GuardDuty API Reference, "Sequence".
struct GuardDutySequence {
  private static let maximumParts = 200

  private var actors: [AWSIdentity] = []
  private var addresses: [String] = []
  private var domains: [String] = []
  /// Of actors' processes and of the resources.
  private var others: [Entity] = []
  private var ends: [String] = []
  private var indicators: [String] = []
  private var signals: [String] = []
  private var resources: [String] = []
  /// Techniques of ATT&CK that GuardDuty names.
  private(set) var attack: [String] = []

  /// - Parameter json: `service`.
  /// - Returns: nil for a finding that is no sequence.
  init?(_ json: JSONView?) {
    guard let sequence = json?.member("detection")?.member("sequence"), sequence.kind == .object else { return nil }
    for actor in Self.parts(of: sequence, "actors") { take(actor: actor) }
    for end in Self.parts(of: sequence, "endpoints") { take(end: end) }
    for resource in Self.parts(of: sequence, "resources") { take(resource: resource) }
    for signal in Self.parts(of: sequence, "signals") {
      let count = signal.member("count")?.integer.map { ", \($0) times" } ?? ""
      signals.append("\(signal.member("type")?.kept ?? "?") \(signal.member("name")?.kept ?? "")\(count)")
      for indicator in Self.parts(of: signal, "signalIndicators") { takeTechniques(of: indicator) }
    }
    for indicator in Self.parts(of: sequence, "sequenceIndicators") {
      let values = indicator.member("values")?.elements(upTo: Self.maximumParts).compactMap(\.kept) ?? []
      let key = indicator.member("key")?.kept ?? indicator.member("title")?.kept ?? "?"
      indicators.append(values.isEmpty ? key : "\(key): \(values.joined(separator: ", "))")
      takeTechniques(of: indicator)
    }
  }

  private static func parts(of json: JSONView, _ name: StaticString) -> [JSONView] {
    json.member(name)?.elements(upTo: maximumParts) ?? []
  }

  private mutating func take(actor: JSONView) {
    if let user = actor.member("user"), user.kind == .object {
      actors.append(
        AWSIdentity(
          type: user.member("type")?.kept, principal: user.member("uid")?.kept,
          accessKey: user.member("credentialUid")?.kept, user: user.member("name")?.kept))
    }
    if let process = actor.member("process"), process.kind == .object {
      if let path = process.member("path")?.kept, path.hasPrefix("/") { others.append(Entity(.file, path)) }
      if let hash = process.member("sha256")?.kept { others.append(Entity(.hash, hash)) }
    }
  }

  private mutating func take(end: JSONView) {
    let address = end.member("ip")?.kept.map { $0.withView(IPAddress.normal) ?? $0 }
    let domain = end.member("domain")?.kept
    if let address { addresses.append(address) }
    if let domain { domains.append(domain) }
    let known = [
      end.member("location")?.member("country")?.kept, end.member("autonomousSystem")?.member("name")?.kept,
    ].compactMap { $0 }
    guard let name = address ?? domain else { return }
    let port = end.member("port")?.integer.map { " port \($0)" } ?? ""
    ends.append(name + port + (known.isEmpty ? "" : " (\(known.joined(separator: ", ")))"))
  }

  private mutating func take(resource: JSONView) {
    guard let name = resource.member("uid")?.kept ?? resource.member("name")?.kept else { return }
    resources.append("\(resource.member("resourceType")?.kept ?? "?") \(name)")
    let last = name.split(separator: "/").last.map(String.init) ?? name
    if AWSIdentity.isInstance(last) { others.append(Entity(.instance, last)) }
  }

  /// `T1580` or `T1552.005` at the start of a value; a name alone is left to people.
  private mutating func takeTechniques(of indicator: JSONView) {
    guard indicator.member("key")?.kept == "ATTACK_TECHNIQUE" else { return }
    for value in indicator.member("values")?.elements(upTo: Self.maximumParts) ?? [] {
      guard let text = value.rawString, let technique = Self.technique(text) else { continue }
      if !attack.contains(technique) { attack.append(technique) }
    }
  }

  private static func technique(_ text: ByteView) -> String? {
    func areDigits(_ range: Range<Int>) -> Bool { range.allSatisfy { (0x30...0x39).contains(text[$0]) } }
    func isEnd(_ place: Int) -> Bool { place == text.count || text[place] == 0x20 || text[place] == 0x3A }
    guard text[0] == 0x54, areDigits(1..<5) else { return nil }
    if text[5] == 0x2E, areDigits(6..<9), isEnd(9) { return text.slice(0, 9).string }
    return isEnd(5) ? text.slice(0, 5).string : nil
  }

  func add(to all: inout [Attribute]) {
    all.add("sequence_actors", actors.map { $0.words + ($0.accessKey.map { " key \($0)" } ?? "") })
    all.add("sequence_endpoints", ends)
    all.add("sequence_indicators", indicators)
    all.add("sequence_signals", signals)
    all.add("sequence_resources", resources)
  }

  var entities: [Entity] {
    addresses.map { Entity(.address, $0) } + domains.map { Entity(.domain, $0) } + actors.flatMap(\.entities) + others
  }

  /// `sequence by role web-role, session i-0b7c4e19d2f35a86e, key ASIA…, from 203.0.113.66 (KR)`
  var happening: String {
    var text = "sequence"
    if let actor = actors.first {
      text += " by \(actor.words)" + (actor.accessKey.map { " key \($0)" } ?? "")
      if actors.count > 1 { text += " and \(actors.count - 1) more" }
    }
    if let end = ends.first {
      text += " from \(end)"
      if ends.count > 1 { text += " and \(ends.count - 1) more" }
    }
    return text
  }
}
