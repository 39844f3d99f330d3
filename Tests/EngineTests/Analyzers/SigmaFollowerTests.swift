import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Engine

/// Sigma asked while a log is read, and Sigma asked of the stored events.
struct SigmaFollowerTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore
  private let rules: RuleLibrary

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
    let sigma = URL(fileURLWithPath: folder.path + "/rules/sigma")
    try FileManager.default.createDirectory(at: sigma, withIntermediateDirectories: true)
    // One rule that speaks of single events, and a correlation that speaks at the end.
    try Data(
      """
      title: Denied
      id: 3a1c2b7e-6f0d-4a53-9c58-0d1e2f3a4b5c
      name: denied
      logsource: {product: linux, service: sshd}
      detection: {selection: {action: login_failed}, condition: selection}
      level: medium
      ---
      title: Denied often
      id: 4b1c2b7e-6f0d-4a53-9c58-0d1e2f3a4b5d
      correlation: {type: event_count, rules: [denied], group-by: [user], timespan: 1h, condition: {gte: 3}, generate: true}
      level: high
      """.utf8
    ).write(to: sigma.appendingPathComponent("denied.yml"))
    rules = RuleLibrary(directory: folder.path + "/rules")
  }

  private func units() throws -> (log: Engine.Unit, sigma: Engine.Unit) {
    let lines = (0..<300).map { number in
      "Nov 25 05:\(10 + number / 60):\(10 + number % 50) web1 sshd[\(number)]: Failed password for root from 203.0.113.\(number % 250) port 4711 ssh2\n"
    }
    let artifact = try store.objects.put(Array(lines.joined().utf8)).digest
    let options = ["format": "linux.syslog", "path": "var/log/auth.log", "collected": "1795600000000000000"]
    let log = try #require(Analyzers.unit("log", artifact, rules: nil, options: options))
    let sigmaOptions = options.merging(["of": "log"]) { $1 }
    let sigma = try #require(Analyzers.unit("sigma", artifact, rules: rules.load().keys.sigma, options: sigmaOptions))
    return (log, sigma)
  }

  private func ask(_ unit: Engine.Unit, _ fields: (inout JSONWriter) -> Void = { _ in }) throws -> [String: Any] {
    var request = JSONWriter()
    request.object { out in
      out.key("unit")
      out.raw(unit.json)
      fields(&out)
    }
    let answer = request.bytes.withView { Worker(Surroundings(store: store, rules: rules)).answer($0) }
    return try #require(try JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any])
  }

  @Test(arguments: [false, true])
  func theResultIsTheSameBytes(_ isWide: Bool) throws {
    let (log, sigma) = try units()
    let together = try ask(log) { out in
      out.key("also")
      out.raw(sigma.json)
      out.field("wide", isWide)
    }
    let also = try #require(together["also"] as? String)
    #expect(store.results.result(of: sigma.key)?.hex == also)
    #expect(store.results.result(of: log.key)?.hex == together["result"] as? String)
    // From nothing, of the stored events.
    let alone = try ask(sigma) { $0.field("audit", true) }
    #expect(alone["result"] as? String == also)
    var titles: Set<String> = []
    try CaseResults.forEachLine(of: try #require(Digest(hex: also)), in: store) { line in
      if case .finding(let finding) = line { titles.insert(finding.title) }
    }
    #expect(titles == ["Denied", "Denied often"])
  }

  @Test func rulesThatCannotBeHadDoNotTakeTheLogWithThem() throws {
    let (log, known) = try units()
    let sigma = known.under(Digest(of: Array("other rules".utf8)))
    let answer = try ask(log) { out in
      out.key("also")
      out.raw(sigma.json)
    }
    #expect(answer["result"] as? String == store.results.result(of: log.key)?.hex)
    #expect(answer["also"] == nil && answer["failed"] == nil)
    #expect(try ask(sigma)["failed"] is String)
  }
}
