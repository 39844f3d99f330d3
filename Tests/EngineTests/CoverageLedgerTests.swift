import Engine
import Evidence
import Testing

struct CoverageLedgerTests {
  private let artifact = Digest(of: [1])

  private func ledger(_ byteCount: UInt64, _ coverage: Coverage...) -> CoverageLedger {
    CoverageLedger(artifacts: [(artifact, byteCount)], coverage: coverage.map { (artifact, $0) })
  }

  private func silent(_ ledger: CoverageLedger) -> [Range<UInt64>] {
    ledger.silent.map { $0.coverage.start..<$0.coverage.end }
  }

  @Test func theBestThatWasDoneCounts() {
    let found = ledger(
      100, Coverage(.scanned, 0..<100), Coverage(.parsed, 10..<30), Coverage(.skipped, 20..<90, reason: "x"))
    #expect(found.totals == .init(parsed: 20, scanned: 80, skipped: 0) && found.silent.isEmpty)
  }

  @Test func whatNobodySpokeOfIsNamed() {
    let found = ledger(
      100, Coverage(.parsed, 10..<20), Coverage(.parsed, 15..<40), Coverage(.skipped, 60..<70, reason: "x"))
    #expect(found.totals == .init(parsed: 30, scanned: 0, skipped: 70))
    #expect(silent(found) == [0..<10, 40..<60, 70..<100])
    #expect(silent(ledger(5)) == [0..<5])
  }

  @Test func rangesBeyondTheEndAndEmptyOnesCountNothing() {
    let found = ledger(
      10, Coverage(.parsed, 5..<(.max)), Coverage(.parsed, 50..<60), Coverage(.skipped, 3..<3, reason: "x"))
    #expect(found.totals == .init(parsed: 5, scanned: 0, skipped: 5) && silent(found) == [0..<5])
    #expect(ledger(0).totals == .init() && ledger(0).silent.isEmpty)
  }

  @Test func compressedArtifactsCountWhole() {
    let found = ledger(
      10, Coverage(.parsed, 0..<1000, encodings: ["gzip"]), Coverage(.scanned, 0..<4, encodings: ["gzip"]))
    #expect(found.totals == .init(parsed: 10, scanned: 0, skipped: 0) && found.silent.isEmpty)
    #expect(ledger(10, Coverage(.scanned, 0..<9, encodings: ["gzip"])).totals.scanned == 10)
  }
}
