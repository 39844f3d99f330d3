/// How a report is made.
public struct ReportOptions: Sendable {
  public var language: Language
  /// Events that `report.html` carries at most; the rest are in `timeline.jsonl`. About 220 bytes each.
  public var maximumPageEvents: Int
  /// Findings that `report.html` and `report.md` show at most.
  public var maximumPageFindings: Int
  /// Where sorted pieces of a timeline that memory cannot hold are put; nil for a folder inside the output folder.
  public var temporaryFolder: String?
  /// Bytes of timeline that are sorted in memory at a time.
  public var sortMemory: Int

  public init(
    language: Language = .english, maximumPageEvents: Int = 100_000, maximumPageFindings: Int = 500,
    temporaryFolder: String? = nil, sortMemory: Int = 128 << 20
  ) {
    self.language = language
    self.maximumPageEvents = max(maximumPageEvents, 0)
    self.maximumPageFindings = max(maximumPageFindings, 0)
    self.temporaryFolder = temporaryFolder
    self.sortMemory = sortMemory
  }
}
