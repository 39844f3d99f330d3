import Bytes
import Detectors
import Evidence
import MemoryParse

/// Reads a memory image: format, kernel, and every view of it.
struct MemoryAnalyzer: Analyzer {
  let name = "memory"

  func version(options: [String: String]) -> String { "1.\(MemoryAnalysis.version).\(DetectorCatalog.version)" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    let (image, report) = try MemoryImages.open(file, as: unit.options["format"])
    let sink = DetectingSink(result, artifact: unit.artifact)
    let summary = MemoryAnalysis.run(image, options: MemoryAnalysis.Options(artifact: unit.artifact), into: sink)
    sink.finish()
    report.write(into: result)
    summary.write(into: result)
  }
}
