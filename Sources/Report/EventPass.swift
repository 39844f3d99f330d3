import Bytes
import Evidence
import Foundation
import Timeline

/// The one walk over all events: masks, indexes for the story, sorts, and writes the two timeline files.
final class EventPass {
  struct Told {
    var incident: Incident
    var index: CaseIndex
    /// The events that the page carries, in order.
    var rows: [PageRow]
    var density: Density
    /// Events with a time: lines of `timeline.jsonl`.
    var count: Int
  }

  private var input: CaseInput
  private let folder: String
  private let options: ReportOptions
  private let sorter: RecordSorter
  private var fields = TimelineFields()
  /// Digest and name of each artifact as they are written, made once.
  private let names: [Digest: TimelineRecord.Origin]

  init(_ input: CaseInput, folder: String, options: ReportOptions) throws {
    self.input = input
    self.folder = folder
    self.options = options
    sorter = RecordSorter(
      folder: (options.temporaryFolder ?? folder) + "/.timeline-\(getpid())", limit: options.sortMemory)
    names = Dictionary(
      input.artifacts.map { ($0.digest, TimelineRecord.Origin(digest: $0.digest.hex, path: $0.name)) },
      uniquingKeysWith: { first, _ in first })
  }

  func run() throws -> Told {
    var exposures = ExposureList()
    let index = CaseIndex(findings: input.findings)
    let rules = RuleMarks(input.findings)
    var rows = PageRows(limit: options.maximumPageEvents)
    var record = TimelineRecord()
    while let (artifact, raw) = try input.events.next() {
      let event = SecretMask.mask(raw, in: artifact, into: &exposures)
      let relevance = index.take(event, artifact)
      guard let time = event.time else { continue }
      let key = EventKey(nanoseconds: time.nanoseconds, artifact: artifact, place: event.locator.order)
      let tags = rules.rules(at: artifact, event.locator)
      let origin = names[artifact] ?? TimelineRecord.Origin(digest: artifact.hex, path: "")
      record.encode(event, time, from: origin, tags: tags, &fields)
      try sorter.add(key, record.bytes)
      rows.offer(event, key, relevance, tags)
    }
    var builder = IncidentBuilder(index: index, artifacts: input.artifacts, exposures: exposures)
    let incident = builder.build(from: input.findings)
    var density = Density(incident.sources)
    try writeTimeline(&density)
    return Told(incident: incident, index: index, rows: rows.sorted, density: density, count: sorter.count)
  }

  private func writeTimeline(_ density: inout Density) throws {
    let repair = fields.repair
    try OutputFile.write("timeline.jsonl", in: folder) { lines in
      try OutputFile.write("timeline.csv", in: folder) { table in
        try table.write(Array((TimelineRecord.csvHeader + "\r\n").utf8))
        try sorter.drain { key, record in
          guard let parts = TimelineRecord.parts(of: record) else { return }
          density.add(key.nanoseconds, parts.source)
          if let repair {
            try lines.write(repair.line(parts.line))
          } else {
            try lines.write(parts.line)
          }
          try table.write(parts.row)
        }
      }
    }
  }
}

/// Which rules spoke of which places.
struct RuleMarks {
  private var rules: [EvidencePlace: [String]] = [:]

  init(_ findings: [Finding]) {
    for finding in findings {
      for reference in finding.evidence {
        let place = EvidencePlace(reference.artifact, reference.locator)
        if rules[place]?.contains(finding.rule) != true { rules[place, default: []].append(finding.rule) }
      }
    }
    for place in rules.keys { rules[place]?.sort() }
  }

  func rules(at artifact: Digest, _ locator: Locator) -> [String] { rules[EvidencePlace(artifact, locator)] ?? [] }
}
