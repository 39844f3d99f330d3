import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Engine

struct ResultFileTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func event(_ number: Int) -> Event {
    Event(time: nil, dataType: "t", message: "\(number) " + String(repeating: "m", count: 300), locator: .whole)
  }

  private func finding(_ number: Int) -> Finding {
    Finding(
      rule: "r\(number)", title: "t", severity: number == 0 ? .high : .low, evidence: [],
      message: String(repeating: "f", count: 300))
  }

  /// What is read back: `e1`, `r2`, `c`, `o` for lines of each kind.
  private func read(_ digest: Digest, _ wanted: CaseResults.Lines = .all) throws -> [String] {
    var lines: [String] = []
    try CaseResults.forEachLine(of: digest, in: store, wanted) { line in
      switch line {
      case .event(let event): lines.append("e" + event.message.prefix { $0 != " " })
      case .finding(let finding): lines.append(finding.rule)
      case .coverage: lines.append("c")
      case .row: lines.append("row")
      case .other(let kind, _): lines.append(kind)
      }
    }
    return lines
  }

  /// Few stay in one plain file; many are compressed, and more findings than memory is given for go by the disk.
  @Test(arguments: [1, 3, 40, 1000, 5000]) func eventsStandTogetherAndNothingIsLost(_ count: Int) throws {
    let result = try ResultFile(store)
    result.line("plan") { $0.field("a", 1) }
    result.finding(finding(-1))
    for number in 0..<count {
      result.event(event(number))
      result.finding(finding(number))
    }
    result.coverage(Coverage(.parsed, 0..<10))
    result.row(view: "v", json: Array("{}".utf8))
    let digest = try result.finish().digest
    let front = ["plan", "r-1"]
    let behind = (0..<count).map { "r\($0)" } + ["c", "row"]
    #expect(try read(digest) == front + (0..<count).map { "e\($0)" } + behind)
    #expect(try read(digest, .allButEvents) == front + behind)
    #expect(try read(digest, .findings) == ["r-1"] + (0..<count).map { "r\($0)" })
    #expect(try read(digest, .coverage) == ["c"] && read(digest, [.rows, .others]) == ["plan", "row"])
    #expect(try CaseResults.severity(of: digest, in: store) == .high)
    #expect((store.objects.form(of: digest) == .compressed) == (count >= 1000))
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/tmp").isEmpty)
  }

  @Test func eventsAloneAndNoneAtAll() throws {
    let many = try ResultFile(store)
    for number in 0..<2000 { many.event(event(number)) }
    let digest = try many.finish().digest
    #expect(try read(digest).count == 2000 && read(digest, .allButEvents).isEmpty)
    let none = try ResultFile(store)
    for number in 0..<2000 { none.finding(finding(number)) }
    let other = try none.finish().digest
    #expect(try read(other) == (0..<2000).map { "r\($0)" } && read(other, .allButEvents).count == 2000)
    #expect(
      try CaseResults.severity(of: digest, in: store) == nil && CaseResults.severity(of: other, in: store) == .high)
    let nothing = try ResultFile(store).finish()
    #expect(try nothing.byteCount == 0 && read(nothing.digest).isEmpty)
  }

  @Test func aDamagedLineIsDamageOfTheStore() throws {
    let digest = try store.objects.put(
      Array("{\"coverage\":{\"state\":\"parsed\",\"start\":0,\"end\":1}}\n{\"fin".utf8)
    ).digest
    #expect(throws: StoreError(.integrity, "")) { try read(digest) }
  }
}
