import Bytes
import Evidence
import Foundation
import Timeline

/// Writes everything that a run tells into a folder. The same input gives the same bytes.
public enum ReportWriter {
  /// The files that are written, in order.
  public static let files = [
    "timeline.jsonl", "timeline.csv", "findings.jsonl", "incident.json", "report.html", "report.md", "stix.json",
    "ocsf.jsonl", "findings.sarif", "attack-layer.json", "bodyfile",
  ]

  /// Pulls the input's events once and writes every file, each under a temporary name until it is whole.
  ///
  /// Memory is bounded by the options, the findings and the artifact list; ten million events are sorted on disk.
  ///
  /// - Parameter excerpts: gives the bytes that findings rest on, of which the page shows a few; nil for a page without.
  /// - Returns: the story, for a summary on a terminal or an exit code.
  /// - Throws: `BytesError` when the folder cannot be written.
  @discardableResult
  public static func write(
    _ input: CaseInput, to folder: String, options: ReportOptions = ReportOptions(),
    excerpts: (any ExcerptSource)? = nil
  ) throws -> Incident {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let pass = try EventPass(input, folder: folder, options: options)
    let told = try pass.run()
    var report = ReportModel(input: input, incident: told.incident, pass: told, options: options)
    if var source = excerpts { report.readExcerpts(from: &source) }
    try OutputFile.write("findings.jsonl", in: folder) { try FindingsFile.write(report, to: $0) }
    try OutputFile.write("incident.json", in: folder) { try $0.write(IncidentFile.json(report)) }
    try OutputFile.write("report.html", in: folder) { try $0.write(ReportPage(report).html()) }
    try OutputFile.write("report.md", in: folder) { try $0.write(MarkdownReport(report).bytes()) }
    var bundle = STIXBundle(report)
    try OutputFile.write("stix.json", in: folder) { try $0.write(bundle.json()) }
    try OutputFile.write("ocsf.jsonl", in: folder) { try OCSFFile.write(report, to: $0) }
    try OutputFile.write("findings.sarif", in: folder) { try $0.write(SARIFFile.json(report)) }
    try OutputFile.write("attack-layer.json", in: folder) { try $0.write(NavigatorLayer.json(report)) }
    try OutputFile.write("bodyfile", in: folder) { try Bodyfile.write(report, to: $0) }
    return told.incident
  }
}

extension ReportWriter {
  /// Writes `timeline.jsonl` and `timeline.csv` alone.
  ///
  /// - Throws: `BytesError` when the folder cannot be written.
  public static func writeTimeline(_ input: CaseInput, to folder: String, options: ReportOptions = ReportOptions())
    throws
  {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try EventPass(input, folder: folder, options: options).writeTimelineOnly()
  }
}

/// All that the rendering files read from.
struct ReportModel {
  var title: String
  var incident: Incident
  var artifacts: [ArtifactRecord]
  var byDigest: [Digest: ArtifactRecord]
  var coverage: CoverageSummary
  var tool: ToolFacts
  var custody: CustodyFacts
  var index: CaseIndex
  var rows: [PageRow]
  var density: Density
  var eventCount: Int
  /// Copies that were joined with their first.
  var copies: Int
  var options: ReportOptions
  var excerpts: [EvidenceReference: Excerpt] = [:]

  init(input: CaseInput, incident: Incident, pass: EventPass.Told, options: ReportOptions) {
    title = input.title
    self.incident = incident
    artifacts = input.artifacts.sorted { ($0.name, $0.digest) < ($1.name, $1.digest) }
    byDigest = Dictionary(input.artifacts.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
    coverage = CoverageSummary(input.coverage, gaps: input.gaps, artifacts: byDigest)
    tool = input.tool
    custody = input.custody
    index = pass.index
    rows = pass.rows
    density = pass.density
    eventCount = pass.count
    copies = pass.copies
    self.options = options
  }

  /// Of the first places of each finding that the page shows.
  mutating func readExcerpts(from source: inout any ExcerptSource) {
    for finding in incident.findings.prefix(options.maximumPageFindings) {
      for place in finding.evidence.prefix(2) where excerpts[place] == nil {
        excerpts[place] = Excerpt(place, from: &source)
      }
    }
  }

  var phrases: Phrases { Phrases(options.language) }
}
