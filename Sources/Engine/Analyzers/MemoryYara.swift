import Bytes
import Detectors
import Evidence
import Foundation
import MemoryParse

/// Runs YARA rules over the address spaces of a memory image: each process, each file of the page cache, and the rest, every
/// page once. A rule that holds is one finding, with places in each space that it holds in.
///
/// What conditions mean for a space stands at `YaraObject`. The image as a file (`filesize`, offsets from its start) is no
/// object here: its headers say nothing of the machine, and a rule's strings in the memory of different processes are no match.
enum MemoryYara {
  /// What a string may span where a long stretch is cut into pieces.
  static let overlap = 64 << 10
  /// Places told of the first space, of each further one, and of all.
  private enum Limit {
    static let further = 2
    static let places = 32
    static let holders = 16
  }

  private struct Held {
    var finding: Finding
    var holders: [String]
    var spaces: Int
  }

  static func run(
    _ unit: Unit, as format: String, with detector: YaraDetector?, _ surroundings: Surroundings,
    into result: any ResultSink
  ) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    let (image, _) = try MemoryImages.open(file, as: format)
    guard let detector else {
      result.coverage(Coverage(.skipped, 0..<file.byteCount, reason: "there are no YARA rules"))
      return
    }
    scan(
      MemorySpaces(image), detector.engine, artifact: unit.artifact, byteCount: file.byteCount,
      seconds: 90 + Double(file.byteCount >> 20) / 4, into: result)
  }

  /// - Parameter seconds: after which spaces that were not come to are left out, and told of.
  static func scan(
    _ spaces: MemorySpaces, _ engine: YaraEngine, artifact: Digest, byteCount: UInt64, seconds: Double,
    into sink: any ResultSink
  ) {
    let selection = engine.select { look in
      spaces.forEach(overlap: overlap) { look(object($0)) }
    }
    var held: [Int: Held] = [:]
    var gaps: [String] = []
    let start = Date()
    let usual = engine.options.timeout
    defer { engine.options.timeout = usual }
    if !selection.isEmpty {
      spaces.forEach(overlap: overlap) { space in
        guard -start.timeIntervalSinceNow < seconds else {
          gaps.append("YARA had no time left for \(space.title)")
          return
        }
        do {
          let bytes = space.pieces.reduce(0) { $0 + $1.byteCount }
          engine.options.timeout = 20 + (bytes >> 20) / 2
          let found = try engine.scan(object(space), selection)
          if !found.overflowed.isEmpty {
            gaps.append("YARA stopped counting matches of \(found.overflowed.prefix(8).joined(separator: ", "))")
          }
          if !found.tooSlow.isEmpty {
            gaps.append(
              "YARA gave up the rules \(found.tooSlow.prefix(8).joined(separator: ", ")) in \(space.title): too slow")
          }
          for match in found.matches { take(match, space, artifact, &held) }
        } catch {
          gaps.append("YARA over \(space.title): \(error)")
        }
      }
    }
    report(held, spaces, into: sink)
    if let failure = spaces.failure { gaps.append("matches have no owner, since \(failure)") }
    let reason = gaps.prefix(16).joined(separator: "; ") + (gaps.count > 16 ? " and \(gaps.count - 16) more" : "")
    sink.coverage(Coverage(.scanned, 0..<byteCount, reason: gaps.isEmpty ? nil : reason))
  }

  private static func object(_ space: MemorySpace) -> YaraObject {
    let path =
      switch space.owner {
      case .process(_, _, let path): path
      case .file(let path): path
      case .rest: ""
      }
    return YaraObject(
      blocks: space.pieces.map { YaraBlock(address: $0.address, byteCount: $0.byteCount) },
      externals: YaraScanner.Externals(path: path), fetch: { space.read($0, into: $1) })
  }

  private static func take(
    _ match: YaraMatch, _ space: MemorySpace, _ artifact: Digest, _ held: inout [Int: Held]
  ) {
    let strings = match.strings.sorted { ($0.offset, $0.identifier) < ($1.offset, $1.identifier) }
    func place(_ string: YaraStringMatch) -> Locator {
      var place = space.locator(string.offset)
      place.length = UInt64(max(string.length, 0))
      return place
    }
    let holder = strings.first.flatMap { MemoryHolder.name(of: place($0), in: space) } ?? space.title
    if var known = held[match.index] {
      known.spaces += 1
      if known.holders.count < Limit.holders, !known.holders.contains(holder) { known.holders.append(holder) }
      for string in strings.prefix(Limit.further) where known.finding.evidence.count < Limit.places {
        known.finding.evidence.append(EvidenceReference(artifact: artifact, locator: place(string)))
      }
      held[match.index] = known
      return
    }
    var sorted = match
    sorted.strings = strings
    held[match.index] = Held(
      finding: YaraDetector.finding(sorted, artifact: artifact, locate: place), holders: [holder], spaces: 1)
  }

  private static func report(_ held: [Int: Held], _ spaces: MemorySpaces, into sink: any ResultSink) {
    let sharing = MemoryHolder.Sharing(held.values.flatMap { $0.finding.evidence.map(\.locator) }, spaces)
    for index in held.keys.sorted() {
      guard let one = held[index] else { continue }
      var finding = one.finding
      for place in finding.evidence.indices {
        finding.evidence[place].locator = sharing.completed(finding.evidence[place].locator)
      }
      let more = one.spaces > one.holders.count ? " and \(one.spaces - one.holders.count) more" : ""
      finding.message =
        "YARA rule \(finding.rule.dropFirst(5)) holds in the memory of \(one.holders.joined(separator: ", "))\(more)."
        + (finding.title.isEmpty || finding.title == finding.rule.dropFirst(5) ? "" : " \(finding.title).")
      finding.attributes.add("held_by", one.holders)
      sink.finding(finding)
    }
  }
}
