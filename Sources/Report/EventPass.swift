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
    /// Events with a time, copies joined: lines of `timeline.jsonl`.
    var count: Int
    /// Copies of a record that were joined with it.
    var copies: Int
  }

  private var input: CaseInput
  private let folder: String
  private let options: ReportOptions
  private let sorter: RecordSorter
  private var fields = TimelineFields()
  /// Digest and name of each artifact as they are written, made once.
  private let names: [Digest: TimelineRecord.Origin]

  init(_ input: CaseInput, folder: String, options: ReportOptions) throws {
    var input = input
    input.findings = input.findings.map(input.clocks.corrected)
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
      let told = input.clocks.corrected(raw, in: artifact)
      let event = SecretMask.mask(told, in: artifact, into: &exposures)
      let relevance = index.take(event, artifact)
      guard let time = event.time else { continue }
      let key = EventKey(nanoseconds: time.nanoseconds, artifact: artifact, place: event.locator.order)
      let tags = rules.rules(at: artifact, event.locator)
      let origin = names[artifact] ?? TimelineRecord.Origin(digest: artifact.hex, path: "")
      record.encode(event, time, from: origin, tags: tags, &fields)
      try sorter.add(key, record.bytes)
      rows.offer(event, key, relevance, tags)
    }
    return try tell(index, exposures, rows)
  }

  /// Sorts and writes the timeline alone, without a story.
  func writeTimelineOnly() throws {
    var exposures = ExposureList()
    let rules = RuleMarks(input.findings)
    var record = TimelineRecord()
    while let (artifact, raw) = try input.events.next() {
      let told = input.clocks.corrected(raw, in: artifact)
      guard let time = told.time else { continue }
      let event = SecretMask.mask(told, in: artifact, into: &exposures)
      let key = EventKey(nanoseconds: time.nanoseconds, artifact: artifact, place: event.locator.order)
      let origin = names[artifact] ?? TimelineRecord.Origin(digest: artifact.hex, path: "")
      record.encode(event, time, from: origin, tags: rules.rules(at: artifact, event.locator), &fields)
      try sorter.add(key, record.bytes)
    }
    var density = Density([])
    _ = try writeTimeline(&density)
  }

  private func tell(_ index: CaseIndex, _ exposures: ExposureList, _ rows: PageRows) throws -> Told {
    var builder = IncidentBuilder(
      index: index, artifacts: input.artifacts, exposures: exposures, skews: input.clocks.skews)
    var incident = builder.build(from: input.findings)
    incident.limits += input.limits
    var density = Density(incident.sources)
    let copies = try writeTimeline(&density)
    return Told(
      incident: incident, index: index, rows: rows.sorted, density: density, count: sorter.count - copies,
      copies: copies)
  }

  /// - Returns: how many copies were joined.
  private func writeTimeline(_ density: inout Density) throws -> Int {
    let repair = fields.repair
    var merge = CopyMerge()
    try OutputFile.write("timeline.jsonl", in: folder) { lines in
      try OutputFile.write("timeline.csv", in: folder) { table in
        try table.write(Array((TimelineRecord.csvHeader + "\r\n").utf8))
        func write(_ kept: CopyMerge.Kept) throws {
          try kept.record.withView { record in
            guard let parts = TimelineRecord.parts(of: record) else { return }
            density.add(kept.key.nanoseconds, parts.source)
            if repair == nil, kept.also.isEmpty {
              try lines.write(parts.line)
            } else {
              let line = repair?.line(parts.line) ?? parts.line.array
              try lines.write(TimelineRecord.line(line, also: kept.also))
            }
            try table.write(TimelineRecord.row(parts.row, also: kept.also))
          }
        }
        try sorter.drain { key, record in try merge.add(key, record, write) }
        try merge.flush(write)
      }
    }
    return merge.joined
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
