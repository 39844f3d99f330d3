import Testing

@testable import MemoryParse

struct RunTableTests {
  func run(_ start: UInt64, _ end: UInt64, _ offset: UInt64?) -> PhysicalRun {
    PhysicalRun(start: start, end: end, fileOffset: offset)
  }

  @Test func orderMergeAndOverlap() {
    let table = RunTable([run(50, 60, 500), run(0, 10, 0), run(10, 20, 10), run(20, 30, 99), run(5, 25, 200)])
    // Each begins inside of the one before and goes on behind its end, or lies in it.
    #expect(table.runs == [run(0, 10, 0), run(10, 25, 205), run(25, 30, 104), run(50, 60, 500)])
    #expect(table.overlapping == [run(5, 10, 200), run(10, 20, 10), run(20, 25, 99)])
    #expect(table.runs.index(ofRunHolding: 24) == 1)
    #expect(table.runs.index(ofRunHolding: 30) == nil)
    #expect(table.runs.index(ofRunHolding: 60) == nil)
    #expect([PhysicalRun]().index(ofRunHolding: 0) == nil)
  }

  @Test func runsThatFollowEachOtherInTheFileToo() {
    #expect(RunTable([run(10, 20, 10), run(0, 10, 0), run(20, 30, 21)]).runs == [run(0, 20, 0), run(20, 30, 21)])
  }

  @Test func emptyAndHugeRuns() {
    #expect(RunTable([run(5, 5, 0), run(9, 3, 0)]).runs.isEmpty)
    #expect(RunTable([run(5, .max, 0)]).runs == [run(5, 1 << 56, 0)])
    #expect(RunTable([run(.max - 1, .max, 0)]).runs.isEmpty)
    #expect(RunTable([run(0, 5, nil), run(5, 9, nil)]).runs == [run(0, 9, nil)])
  }

  @Test func accountsAddUp() {
    var accounts = FileAccounts()
    accounts.add(.header, from: 10, to: 20)
    accounts.add(.payload, from: 15, count: 10)
    accounts.add(.skipped("a"), from: 40, count: .max)
    accounts.add(.header, from: 5, to: 5)
    let closed = accounts.close(byteCount: 100, unclaimed: "b")
    #expect(closed.header == 10)
    #expect(closed.payload == 5)
    #expect(
      closed.skipped == [
        ImageReport.Skipped(start: 0, end: 10, reason: "b"), ImageReport.Skipped(start: 25, end: 40, reason: "b"),
        ImageReport.Skipped(start: 40, end: 100, reason: "a"),
      ])
  }
}
