import Evidence

/// Requests that two sources recorded, from which the distance of their clocks is measured.
struct RequestPairs {
  private struct Key: Hashable {
    var client: String
    var method: String
    var uri: String
  }

  private static let maximum = 50_000
  /// Wider apart than this, two records of the same words are taken for two requests.
  private static let window: Int64 = 900 * 1_000_000_000

  /// Times by request; a request that came more than once within a source cannot be paired with certainty.
  private var seen: [Source: [Key: [Int64]]] = [:]

  mutating func take(_ sighting: Sighting, _ source: Source) {
    let event = sighting.event
    guard let time = event.time, let client = event.firstText("client_ip", "client", "remote_address"),
      let uri = event.firstText("path", "uri", "url")
    else { return }
    let method = event.firstText("http_method", "method") ?? ""
    let query = event.firstText("query", "args").map { "?" + $0 } ?? ""
    let key = Key(client: client, method: method, uri: String((uri + query).prefix(512)))
    var known = seen[source] ?? [:]
    seen[source] = nil
    if var times = known[key] {
      if times.count < 3 { times.append(time.nanoseconds) }
      known[key] = times
    } else if known.count < Self.maximum {
      known[key] = [time.nanoseconds]
    }
    seen[source] = known
  }

  /// The web server's clock against the WAF's, which is AWS's; nil with fewer than three pairs.
  var skew: ClockSkew? {
    guard let reference = seen[.waf], let other = seen[.web] else { return nil }
    var distances: [Int64] = []
    for (key, times) in other {
      guard times.count == 1, let time = times.first, let others = reference[key], others.count == 1,
        let first = others.first
      else { continue }
      let (distance, over) = time.subtractingReportingOverflow(first)
      if !over, distance.magnitude < UInt64(Self.window) { distances.append(distance) }
    }
    guard distances.count >= 3 else { return nil }
    distances.sort()
    let median = distances[distances.count / 2]
    let spread = distances.map { Int64(clamping: $0.subtractingReportingOverflow(median).partialValue.magnitude) }
      .sorted()
    return ClockSkew(
      source: .web, reference: .waf, seconds: Double(median) / 1e9, spread: Double(spread[spread.count / 2]) / 1e9,
      pairs: distances.count, method: Phrase(.clockFromRequests, [String(distances.count)]))
  }
}
