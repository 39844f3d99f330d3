import Evidence
import Testing

@testable import Timeline

@Suite struct ClockPairsTests {
  private func event(_ type: String, _ seconds: Double, _ attributes: [Attribute]) -> Event {
    Event(
      time: Timestamp(nanoseconds: 1_795_584_000_000_000_000 + Int64(seconds * 1e9)), dataType: type, message: "",
      attributes: attributes, locator: .whole)
  }

  private func waf(_ number: Int, at seconds: Double) -> Event {
    event(
      "aws:waf:request", seconds,
      [
        Attribute("trace_id", "1-\(number)"), Attribute("http_method", "GET"), Attribute("uri", "/item"),
        Attribute("query", "id=\(number)"),
      ])
  }

  @Test func theBalancersTraceJoinsItToTheFirewall() {
    var pairs = ClockPairs()
    for number in 0..<5 {
      pairs.take(waf(number, at: Double(number)))
      pairs.take(event("aws:alb:request", Double(number) + 0.25, [Attribute("trace_id", "1-\(number)")]))
    }
    #expect(
      pairs.measures() == [
        ClockPairs.Measure(
          way: .trace, source: "aws:alb:request", reference: "aws:waf:request", seconds: 0.25, spread: 0, pairs: 5)
      ])
  }

  @Test func aWebServersClockIsMeasuredByRequestsThatCameOnce() {
    var pairs = ClockPairs()
    for number in 0..<4 {
      pairs.take(waf(number, at: Double(number)))
      // The server's line has the balancer's address and the query in its target.
      pairs.take(
        event(
          "web:access:request", Double(number) + 42,
          [
            Attribute("remote_address", "10.0.0.9"), Attribute("method", "GET"), Attribute("uri", "/item?id=\(number)"),
            Attribute("path", "/item"), Attribute("query", "id=\(number)"),
          ]))
    }
    // The same words twice prove nothing.
    for _ in 0..<2 { pairs.take(waf(99, at: 0)) }
    pairs.take(event("web:access:request", 500, [Attribute("method", "GET"), Attribute("uri", "/item?id=99")]))
    let measure = pairs.measures().first
    #expect(measure?.seconds == 42 && measure?.pairs == 4 && measure?.way == .request)
  }

  @Test func aLoginIsItsFlow() {
    var pairs = ClockPairs()
    for number in 0..<3 {
      let port = Int64(40_000 + number)
      pairs.take(
        event(
          "linux:auth:entry", Double(number) - 30,
          [
            Attribute("action", "login_accepted"), Attribute("remote_address", "10.1.0.9"),
            Attribute("remote_port", port),
          ]))
      pairs.take(
        event(
          "aws:vpcflow:record", Double(number),
          [Attribute("src_address", "10.1.0.9"), Attribute("src_port", port), Attribute("dst_port", 22)]))
    }
    #expect(pairs.measures().map(\.seconds) == [-30])
  }

  @Test func twoPairsAreTooFewAndHoursTooFar() {
    var pairs = ClockPairs()
    for number in 0..<2 {
      pairs.take(waf(number, at: 0))
      pairs.take(event("aws:alb:request", 1, [Attribute("trace_id", "1-\(number)")]))
    }
    for number in 10..<20 {
      pairs.take(waf(number, at: 0))
      pairs.take(event("aws:alb:request", 3600, [Attribute("trace_id", "1-\(number)")]))
    }
    #expect(pairs.measures().isEmpty)
  }

  private func web(_ number: Int, at seconds: Double) -> Event {
    event(
      "web:access:request", seconds,
      [Attribute("method", "GET"), Attribute("path", "/item"), Attribute("query", "id=\(number)")])
  }

  /// Nine hours, a year: nearly all pairs at one distance, and the rhythm of the requests in both.
  @Test(arguments: [32_400.0, -31_536_500, 3_540])
  func aClockThatIsFarOff(_ seconds: Double) throws {
    var pairs = ClockPairs()
    for number in 0..<10 {
      pairs.take(waf(number, at: Double(number * 30)))
      pairs.take(web(number, at: Double(number * 30) + seconds))
    }
    // One that is another visit.
    pairs.take(waf(50, at: 5))
    pairs.take(web(50, at: 5000))
    let measure = try #require(pairs.measures().first)
    #expect(measure.seconds == seconds && measure.pairs == 10 && measure.isFar && !measure.isZoneUnknown)
  }

  @Test func farPairsThatDoNotAgreeProveNothing() {
    var apart = ClockPairs()
    var few = ClockPairs()
    var burst = ClockPairs()
    var near = ClockPairs()
    for number in 0..<20 {
      let time = Double(number * 30)
      for pairs in [waf(number, at: time)] {
        apart.take(pairs)
        near.take(pairs)
        if number < 7 { few.take(pairs) }
      }
      apart.take(web(number, at: time * 3 + 7200))
      if number < 7 { few.take(web(number, at: time + 7200)) }
      burst.take(waf(number, at: Double(number)))
      burst.take(web(number, at: Double(number) + 7200))
      // Three that are near are believed, whatever the others.
      near.take(web(number, at: number < 3 ? time + 1 : time + 7200))
    }
    #expect(apart.measures().isEmpty && few.measures().isEmpty && burst.measures().isEmpty)
    #expect(near.measures().map(\.seconds) == [1] && near.measures().first?.isFar == false)
  }
}
