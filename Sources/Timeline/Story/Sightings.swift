import Bytes
import Evidence

/// An event that the story may need again, with where it lies.
struct Sighting: Hashable, Sendable {
  var event: Event
  var artifact: Digest

  var source: Source { Source(dataType: event.dataType) }
  var reference: EvidenceReference { EvidenceReference(artifact: artifact, locator: event.locator) }
}

extension Event {
  /// The first of these attributes that is there, as text.
  func firstText(_ names: String...) -> String? {
    for name in names { if let found = text(name), !found.isEmpty, found != "-" { return found } }
    return nil
  }

  /// The first of these attributes that is a number or text that holds one.
  func firstNumber(_ names: String...) -> Int64? {
    for name in names {
      switch self[name] {
      case .integer(let number)?: return number
      case .text(let text)?: if let number = Int64(text) { return number }
      default: continue
      }
    }
    return nil
  }

  func entity(_ kind: Entity.Kind) -> String? { entities.first { $0.kind == kind }?.value }

  var pid: Int64? { firstNumber("pid") ?? entity(.process).flatMap { Int64($0) } }
}

/// A socket or a flow: which process, from where, to where.
struct Connection: Hashable, Sendable {
  var local: Endpoint
  var remote: Endpoint
  var transport: String
  var pid: Int64?
  var process: String?
  var state: String?
  /// When it began; nil for a socket that a listing shows without a time.
  var time: Timestamp?
  var isRefused: Bool
  var sighting: Sighting

  /// `10.0.2.15:51270->203.0.113.66:4444/tcp`, as in socket entities.
  var text: String { "\(local.text)->\(remote.text)/\(transport)" }

  /// - Parameter own: addresses of the host, by which a flow's near end is told from its far end.
  init?(_ sighting: Sighting, own: Set<String>) {
    let event = sighting.event
    var ends: (Endpoint, Endpoint)?
    var transport = event.firstText("protocol", "proto", "transport")?.lowercased() ?? "tcp"
    if let text = event.entity(.socket), let found = Self.parse(text) {
      ends = (found.0, found.1)
      transport = found.2 ?? transport
    } else if let local = event.firstText("local_address", "local_host", "src_address", "srcaddr", "source_address"),
      let remote = event.firstText("remote_address", "remote_host", "dst_address", "dstaddr", "destination_address")
    {
      ends = (
        Endpoint(host: local, port: Self.port(event.firstNumber("local_port", "src_port", "srcport", "source_port"))),
        Endpoint(
          host: remote, port: Self.port(event.firstNumber("remote_port", "dst_port", "dstport", "destination_port")))
      )
    }
    guard let (near, far) = ends else { return nil }
    let isTurned = sighting.source == .flow && own.contains(far.host) && !own.contains(near.host)
    local = isTurned ? far : near
    remote = isTurned ? near : far
    self.transport = transport == "6" ? "tcp" : transport == "17" ? "udp" : transport == "tcp6" ? "tcp" : transport
    pid = event.pid
    process = event.firstText("process", "process_name", "program", "comm", "name")
    state = event.firstText("state")
    // The time of a capture is when the listing was made, not when the connection began.
    time = sighting.source == .flow || event.timeMeaning == .start || event.timeMeaning == .creation ? event.time : nil
    isRefused = event.firstText("action") == "REJECT"
    self.sighting = sighting
  }

  private static func port(_ number: Int64?) -> Int { Int(clamping: min(max(number ?? 0, 0), 65535)) }

  static func parse(_ text: String) -> (Endpoint, Endpoint, String?)? {
    guard let arrow = text.firstRange(of: "->") else { return nil }
    var rest = text[arrow.upperBound...]
    var transport: String?
    if let slash = rest.lastIndex(of: "/") {
      transport = String(rest[rest.index(after: slash)...])
      rest = rest[..<slash]
    }
    guard let near = Endpoint(text: text[..<arrow.lowerBound]), let far = Endpoint(text: rest) else { return nil }
    return (near, far, transport)
  }
}
