import Bytes
import Detectors
import Evidence
import MemoryParse

/// Searches every byte of a memory image with the text detectors: process memory, the kernel's, and free pages.
struct MemoryTextAnalyzer: Analyzer {
  let name = "memory-text"

  func version(options: [String: String]) -> String { "1.\(TextDetectors.version)" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    let (image, _) = try MemoryImages.open(file, as: unit.options["format"])
    var found = TextFindings(artifact: unit.artifact)
    image.forEachWindow(byteCount: 8 << 20, overlap: TextFindings.overlap) { window in
      for detection in TextDetectors.scan(window.bytes, .bytes)
      where detection.range.lowerBound < window.ownByteCount {
        var place = Locator()
        place.physical = window.physical &+ UInt64(detection.range.lowerBound)
        place.length = UInt64(detection.range.count)
        found.add(detection, at: place)
      }
      return true
    }
    found.report(into: result)
    result.coverage(Coverage(.scanned, 0..<file.byteCount, reason: "searched by the text detectors"))
  }
}
