import Evidence
import Testing

@testable import Timeline

@Suite struct ClockReviewTests {
  private let waf = CaseSamples.artifact("waf")
  private let web = CaseSamples.artifact("web")
  private let other = CaseSamples.artifact("other")

  private func review(_ paths: [Digest: String], ahead: Int64, of count: Int = 9) -> ClockReview {
    var review = ClockReview(artifacts: paths.map { ArtifactRecord(digest: $0, paths: [$1], size: 1) })
    for number in 0..<Int64(count) {
      review.take(CaseSamples.request(number * 10, "/p\(number)"), waf)
      review.take(CaseSamples.request(number * 10 + ahead, "/p\(number)", type: "web:access:request"), web)
    }
    review.take(CaseSamples.request(5, "/only-here", type: "linux:auth:entry"), other)
    return review
  }

  private let one: [Digest: String] = [
    CaseSamples.artifact("waf"): "waf/a.gz", CaseSamples.artifact("web"): "i-0b7c4e19d2f35a86e/access.log",
    CaseSamples.artifact("other"): "disk/auth.log",
  ]

  @Test func everyArtifactOfAHostIsPutRightAndAWSIsNot() throws {
    let clocks = review(one, ahead: 42).correction()
    let skew = try #require(clocks.skews.first)
    #expect(skew.seconds == 42 && skew.spread == 0 && skew.pairs == 9 && skew.isCorrected)
    #expect(skew.host == "i-0b7c4e19d2f35a86e")
    let event = CaseSamples.request(100, "/x")
    #expect(clocks.corrected(event, in: waf) == event)
    for artifact in [web, other] {
      let told = clocks.corrected(event, in: artifact)
      #expect(told.time == CaseSamples.request(58, "/x").time)
      #expect(told.text("recorded_time") == event.time?.description && told.text("clock_correction") == "-42.0 s")
    }
    var finding = Finding(
      rule: "r", title: "", severity: .high, attack: [], firstSeen: event.time,
      evidence: [EvidenceReference(artifact: other, locator: .whole)], message: "")
    #expect(clocks.corrected(finding).firstSeen == CaseSamples.request(58, "/x").time)
    finding.evidence = [EvidenceReference(artifact: waf, locator: .whole)]
    #expect(clocks.corrected(finding) == finding)
  }

  /// Web servers write whole seconds.
  @Test func oneSecondIsNoSkew() {
    let clocks = review(one, ahead: 1).correction()
    #expect(clocks.skews.count == 1 && clocks.skews.first?.isCorrected == false)
    let event = CaseSamples.request(100, "/x")
    #expect(clocks.corrected(event, in: web) == event)
  }

  @Test func twoRequestsAreNotEnough() { #expect(review(one, ahead: 42, of: 2).correction().skews.isEmpty) }

  /// A log in no instance's folder is the only instance's, unless logs name several hosts.
  @Test(arguments: [(["web-1", "web-1.internal", "localhost"], true), (["web-1", "db-1"], false)])
  func aLogThatNamesAnotherHostIsLeftAsItIs(_ names: [String], _ isCorrected: Bool) {
    var all = one
    let logs = names.map { CaseSamples.artifact("log of \($0)") }
    for (log, name) in zip(logs, names) { all[log] = "\(name)/var/log/auth.log" }
    var review = ClockReview(artifacts: all.map { ArtifactRecord(digest: $0, paths: [$1], size: 1) })
    for number in 0..<Int64(9) {
      review.take(CaseSamples.request(number * 10, "/p\(number)"), waf)
      review.take(CaseSamples.request(number * 10 + 42, "/p\(number)", type: "web:access:request"), web)
    }
    for (log, name) in zip(logs, names) {
      var event = CaseSamples.request(5, "/x", type: "linux:auth:entry")
      event.attributes.append(Attribute("host", name))
      review.take(event, log)
    }
    let clocks = review.correction()
    let event = CaseSamples.request(100, "/x")
    for log in logs { #expect((clocks.corrected(event, in: log) != event) == isCorrected) }
  }

  @Test func anotherHostsTimesAreLeftAsTheyAre() {
    var two = one
    two[other] = "i-0aaaaaaaaaaaaaaaa/auth.log"
    let clocks = review(two, ahead: 42).correction()
    let event = CaseSamples.request(100, "/x")
    #expect(clocks.corrected(event, in: other) == event)
    #expect(clocks.corrected(event, in: web) != event)
  }

  /// Whole days may be a script that asks the same every day: told, and left as it is.
  @Test(arguments: [(32_400, true), (-32_400, true), (86_400, false), (-31_536_000, false)] as [(Int64, Bool)])
  func clocksThatAreHoursOff(_ ahead: Int64, _ isCorrected: Bool) {
    let clocks = review(one, ahead: ahead).correction()
    #expect(clocks.skews.map(\.seconds) == [Double(ahead)] && clocks.skews.map(\.isCorrected) == [isCorrected])
    let event = CaseSamples.request(100, "/x")
    #expect((clocks.corrected(event, in: web) != event) == isCorrected)
  }
}
