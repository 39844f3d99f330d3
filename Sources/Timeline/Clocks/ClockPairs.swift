import Evidence

/// How far the clocks of two kinds of log lie apart, measured from events that are one happening in both.
///
/// Four ways lead from one log to another: the load balancer's trace id (WAF and ALB), a request whose words came once in
/// each (ALB or WAF and the web server, which may see the balancer's address instead of the client's), the same with the
/// client's address where the server has that, and a connection's far address and port (sshd and VPC flow). A pure function of what it takes, in any order.
public struct ClockPairs {
  /// The first log's time minus the second's.
  public struct Measure: Hashable, Sendable {
    public enum Way: String, Sendable, CaseIterable { case trace, request, clientRequest, connection }
    public var way: Way
    /// Whose clock it is; empty where that is not known, or AWS's own.
    public var host = ""
    /// Data types of the events.
    public var source: String
    public var reference: String
    /// Median and middle spread, in seconds.
    public var seconds: Double
    public var spread: Double
    public var pairs: Int
    /// Whether the clocks lie so far apart that only many pairs at one distance were believed.
    public var isFar = false
    /// Whether some of the source's times said no zone, so that the distance may be the zone's.
    public var isZoneUnknown = false
  }

  private struct Log: Hashable {
    var type: String
    var host: String
  }

  private struct Side: Hashable {
    var way: Measure.Way
    var type: String
    var host: String
  }

  /// Wider apart than this, two records are taken for two happenings, unless many lie at the same distance.
  private static let window: Int64 = 900 * 1_000_000_000
  private static let maximum = 100_000
  private static let fewest = 3
  private static let maximumSides = 64
  /// A clock that is hours or years off: so many pairs, nearly all there are, at one distance within so many nanoseconds, and
  /// over so long that the rhythm of the requests is the same in both logs.
  private static let fewestFar = 8
  private static let farWidth: Int64 = 10 * 1_000_000_000
  private static let farSpan: Int64 = 60 * 1_000_000_000

  /// Times by the hash of what is compared: the words would take ten times the memory, and two that collide can be at most
  /// one pair of many. Nil for what came more than once and so cannot be paired.
  private var seen: [Side: [UInt64: Int64?]] = [:]
  /// Logs with times whose zone nobody said.
  private var zoneless: Set<Log> = []

  public init() {}

  /// - Parameter host: that the event's artifact is of; AWS's own logs have one clock.
  public mutating func take(_ event: Event, host: String = "") {
    let host = event.dataType.hasPrefix("aws:") ? "" : host
    guard let stamp = event.time else { return }
    let time = stamp.nanoseconds
    if case .inferred = stamp.zone, event.dataType == "web:access:request" || event.dataType == "linux:auth:entry",
      zoneless.count < Self.maximumSides
    {
      zoneless.insert(Log(type: event.dataType, host: host))
    }
    switch event.dataType {
    case "aws:waf:request", "aws:alb:request":
      // The balancer writes its line when the answer is out; the request came at its creation.
      let came = event.text("request_created").flatMap { Timestamp(iso8601: $0) }?.nanoseconds ?? time
      if let trace = event.text("trace_id") { add(.trace, event.dataType, host, trace, came) }
      addRequest(event, host, came)
    case "web:access:request": addRequest(event, host, time)
    case "linux:auth:entry" where event.text("action") == "login_accepted" || event.text("action") == "connected":
      guard let address = event.text("remote_address"), let port = event.integer("remote_port") else { return }
      add(.connection, event.dataType, host, "\(address) \(port)", time)
    case "aws:vpcflow:record":
      guard let address = event.text("src_address"), let port = event.integer("src_port"),
        event.integer("dst_port") == 22
      else { return }
      add(.connection, event.dataType, host, "\(address) \(port)", time)
    default: return
    }
  }

  private mutating func addRequest(_ event: Event, _ host: String, _ time: Int64) {
    guard let request = Self.request(event) else { return }
    add(.request, event.dataType, host, request, time)
    guard let client = event.firstText("client_ip", "client", "remote_address") else { return }
    add(.clientRequest, event.dataType, host, "\(client) \(request)", time)
  }

  private static func request(_ event: Event) -> String? {
    guard var path = event.text("path") ?? event.text("uri") ?? event.text("url"), path != "/" else { return nil }
    if let scheme = path.firstRange(of: "://") {
      path = path[scheme.upperBound...].firstIndex(of: "/").map { String(path[$0...]) } ?? path
    }
    // A path that brings its query along must not get it twice.
    path = String(path.prefix { $0 != "?" })
    let method = event.text("http_method") ?? event.text("method") ?? ""
    return String("\(method) \(path)?\(event.text("query") ?? "")".prefix(512))
  }

  private mutating func add(_ way: Measure.Way, _ type: String, _ host: String, _ text: String?, _ time: Int64) {
    guard let text, !text.isEmpty else { return }
    let key = Self.hash(text)
    let side = Side(way: way, type: type, host: host)
    guard seen[side] != nil || seen.count < Self.maximumSides else { return }
    var known = seen.removeValue(forKey: side) ?? [:]
    if known[key] != nil {
      known[key] = .some(nil)
    } else if known.count < Self.maximum {
      known[key] = .some(time)
    }
    seen[side] = known
  }

  /// FNV-1a: the same in every run, as Swift's own is not.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// Every two logs with three pairs or more; AWS's own clocks are the reference.
  public func measures() -> [Measure] {
    let ways: [(Measure.Way, String, String)] = [
      (.trace, "aws:alb:request", "aws:waf:request"), (.request, "web:access:request", "aws:alb:request"),
      (.request, "web:access:request", "aws:waf:request"), (.clientRequest, "web:access:request", "aws:alb:request"),
      (.clientRequest, "web:access:request", "aws:waf:request"),
      (.connection, "linux:auth:entry", "aws:vpcflow:record"),
    ]
    return ways.flatMap { way, source, reference in
      seen.keys.filter { $0.way == way && $0.type == source }.map(\.host).sorted()
        .compactMap { measure(way, source, of: $0, reference) }
    }
  }

  private func measure(_ way: Measure.Way, _ source: String, of host: String, _ reference: String) -> Measure? {
    guard let own = seen[Side(way: way, type: source, host: host)],
      let others = seen[Side(way: way, type: reference, host: "")]
    else { return nil }
    var distances: [Int64] = []
    var far: [(distance: Int64, time: Int64)] = []
    for case (let key, let time?) in own {
      guard case .some(.some(let other)) = others[key] else { continue }
      let (distance, over) = time.subtractingReportingOverflow(other)
      if over { continue }
      if distance.magnitude < UInt64(Self.window) { distances.append(distance) } else { far.append((distance, time)) }
    }
    let isFar = distances.count < Self.fewest && !source.hasPrefix("aws:")
    if isFar { distances = Self.together(far, besides: distances.count) }
    guard distances.count >= Self.fewest else { return nil }
    distances.sort()
    let median = distances[distances.count / 2]
    let spread = distances.map { ($0 - median).magnitude }.sorted()
    var measure = Measure(
      way: way, host: host, source: source, reference: reference, seconds: Double(median) / 1e9,
      spread: Double(spread[spread.count / 2]) / 1e9, pairs: distances.count, isFar: isFar)
    measure.isZoneUnknown = zoneless.contains(Log(type: source, host: host))
    return measure
  }

  /// The distances that four fifths of all pairs share; empty where they do not, or where they are few or of one moment.
  private static func together(_ far: [(distance: Int64, time: Int64)], besides near: Int) -> [Int64] {
    guard far.count >= fewestFar else { return [] }
    let sorted = far.sorted { ($0.distance, $0.time) < ($1.distance, $1.time) }
    var best = 0..<0
    var start = 0
    for end in sorted.indices {
      // No distance here overflows: both lie within the width of times that were subtracted without.
      while sorted[end].distance.subtractingReportingOverflow(sorted[start].distance).partialValue > farWidth {
        start += 1
      }
      if end + 1 - start > best.count { best = start..<end + 1 }
    }
    let times = sorted[best].map(\.time)
    guard best.count >= fewestFar, best.count * 5 >= (far.count + near) * 4, let first = times.min(),
      let last = times.max(), case let (span, over) = last.subtractingReportingOverflow(first), !over, span >= farSpan
    else { return [] }
    return sorted[best].map(\.distance)
  }
}
