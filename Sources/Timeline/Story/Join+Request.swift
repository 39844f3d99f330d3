import Evidence

/// One request as several sources recorded it: the firewall and the load balancer by its trace id, the server by its words
/// and its time.
struct RequestJoin {
  /// The server writes its line when the answer is done and knows only seconds; clocks may differ by so many.
  static let tolerance: Double = 5

  var client: String
  /// What was asked for.
  var page: Entity
  /// The trace id, or the request's words where there is none.
  var key: String
  /// `GET /login.do?id=x`
  var words: String
  var time: Timestamp?
  /// Firewall and load balancer.
  var records: [EvidenceReference]
  /// The server's own lines.
  var served: [EvidenceReference]
  /// Seconds from the first record to the server's line.
  var distance: Double?
  var findings: [String]

  /// Requests that findings of the story rest on, at most so many.
  private static let maximum = 100

  static func find(in view: CaseView, _ story: [Finding]) -> [RequestJoin] {
    var findings: [EvidencePlace: [String]] = [:]
    for finding in story where [.exploitation, .reconnaissance].contains(Stage(of: finding)) {
      for place in finding.evidence {
        findings[EvidencePlace(place.artifact, place.locator), default: []].append(finding.id)
      }
    }
    let requests = view.index.requests.sorted(by: SightingOrder.precedes)
    var byTrace: [String: [Sighting]] = [:]
    var lines: [String: [Sighting]] = [:]
    for request in requests {
      if let trace = request.event.text("trace_id") {
        byTrace[trace, default: []].append(request)
      } else if let words = words(request.event) {
        lines[words, default: []].append(request)
      }
    }
    var made: [RequestJoin] = []
    for (trace, records) in byTrace.sorted(by: { $0.key < $1.key }) {
      guard made.count < maximum, let first = records.first, let words = words(first.event),
        let client = first.event.firstText("client_ip"), let page = page(first.event)
      else { continue }
      let near = (lines[words] ?? []).filter { line in
        guard let time = first.event.time, let written = line.event.time else { return false }
        let distance = seconds(from: time, to: written)
        return abs(distance) <= tolerance + written.slack
      }
      let all = records + near
      let ids = all.flatMap { findings[EvidencePlace($0.artifact, $0.event.locator)] ?? [] }
      guard !ids.isEmpty else { continue }
      let distance = near.first?.event.time.flatMap { written in
        first.event.time.map { seconds(from: $0, to: written) }
      }
      made.append(
        RequestJoin(
          client: client, page: page, key: "trace \(trace)", words: words, time: first.event.time,
          records: records.map(\.reference), served: near.map(\.reference), distance: distance,
          findings: Array(Set(ids)).sorted()))
    }
    return made
  }

  private static func words(_ event: Event) -> String? {
    guard let path = event.firstText("path", "uri") else { return nil }
    let query = event.firstText("query", "args").map { "?" + $0 } ?? ""
    return "\(event.firstText("http_method", "method") ?? "") \(String((path + query).prefix(1024)))"
  }

  private static func page(_ event: Event) -> Entity? {
    guard let path = event.firstText("path", "uri") else { return nil }
    return Entity(.url, (event.firstText("host", "server_name") ?? "") + path)
  }
}
