import Evidence
import Testing

@testable import Timeline

@Suite struct AccountReviewTests {
  private let passwd = Digest(of: Array("passwd".utf8))
  private let capture = Digest(of: Array("capture".utf8))

  private func event(_ type: String, _ attributes: [Attribute]) -> Event {
    Event(time: nil, dataType: type, message: "", attributes: attributes, locator: .whole)
  }

  private func account(_ user: String, _ uid: Int64) -> Event {
    event("linux:account", [Attribute("user", user), Attribute("uid", uid)])
  }

  private func preload(_ path: String) -> Event {
    event("linux:persistence:entry", [Attribute("mechanism", "ld.so.preload"), Attribute("path", path)])
  }

  @Test func aSecondRoot() {
    var review = AccountReview()
    for artifact in [passwd, capture] {
      review.take(account("root", 0), artifact: artifact)
      review.take(account("ops", 1000), artifact: artifact)
      review.take(account("evil", 0), artifact: artifact)
    }
    let findings = review.findings { _ in false }
    #expect(findings.map(\.rule) == ["account.second-root"])
    #expect(findings.first?.severity == .high)
    #expect(findings.first?.entities == [Entity(.user, "evil")])
    #expect(Set(findings.first?.evidence.map(\.artifact) ?? []) == [passwd, capture])
  }

  @Test func anEmptyPasswordIsNotALockedOne() {
    var review = AccountReview()
    for (user, state) in [("root", "locked"), ("ops", "set"), ("guest", "empty")] {
      review.take(
        event("linux:account:password", [Attribute("user", user), Attribute("password_state", state)]),
        artifact: passwd)
    }
    let findings = review.findings { _ in false }
    #expect(findings.map { "\($0.rule) \($0.entities[0].value)" } == ["account.no-password guest"])
  }

  @Test func aPreloadedLibraryIsGraveWhereItCameMeanwhile() {
    var review = AccountReview()
    review.take(preload("/opt/agent/launcher.so"), artifact: passwd)
    #expect(review.findings { _ in false }.map(\.severity) == [.medium])
    var known = AccountReview()
    known.take(preload("/usr/local/lib/libprocesshider.so"), artifact: passwd)
    #expect(known.findings { _ in false }.map(\.severity) == [.high])
    #expect(review.findings { $0 == "/opt/agent/launcher.so" }.map(\.severity) == [.high])
    #expect(review.findings { $0 == "/etc/ld.so.preload" }.map(\.severity) == [.high])
    review.take(preload("/dev/shm/x.so"), artifact: passwd)
    #expect(review.findings { _ in false }.map(\.severity) == [.high, .medium])
  }

  @Test func otherPersistenceIsNoLibrary() {
    var review = AccountReview()
    review.take(
      event("linux:persistence:entry", [Attribute("mechanism", "cron"), Attribute("path", "/x")]), artifact: passwd)
    #expect(review.findings { _ in true }.isEmpty)
  }
}
