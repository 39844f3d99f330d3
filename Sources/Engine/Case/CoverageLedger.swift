import Evidence

/// Accounts for every byte of every artifact: read as what it is, only searched, or not looked at. Bytes that no analyzer spoke
/// of are named as not looked at: silence never means clean.
public struct CoverageLedger: Sendable {
  /// Bytes by the best that was done with them.
  public struct Totals: Hashable, Sendable {
    public var parsed: UInt64 = 0
    public var scanned: UInt64 = 0
    public var skipped: UInt64 = 0

    public init(parsed: UInt64 = 0, scanned: UInt64 = 0, skipped: UInt64 = 0) {
      self.parsed = parsed
      self.scanned = scanned
      self.skipped = skipped
    }
  }

  public private(set) var totals = Totals()
  /// What nobody accounted for.
  public private(set) var silent: [(artifact: Digest, coverage: Coverage)] = []

  static let reason = "no analyzer looked at these bytes"

  /// - Parameters:
  ///   - artifacts: all of the case, by digest and length.
  ///   - coverage: what analyzers say they did.
  public init(artifacts: [(digest: Digest, byteCount: UInt64)], coverage: [(artifact: Digest, coverage: Coverage)]) {
    let said = Dictionary(grouping: coverage, by: \.artifact)
    for artifact in artifacts where artifact.byteCount > 0 {
      account(for: artifact.digest, artifact.byteCount, said[artifact.digest]?.map(\.coverage) ?? [])
    }
  }

  private mutating func account(for artifact: Digest, _ byteCount: UInt64, _ said: [Coverage]) {
    // Behind a compression offsets are those of the content: how far the stream was read, damage says.
    if let best = said.filter({ !$0.encodings.isEmpty }).map({ Self.rank($0.state) }).max() {
      return add(byteCount, best)
    }
    var borders: [(place: UInt64, rank: Int, change: Int)] = []
    for one in said where one.end > one.start && one.start < byteCount {
      borders.append((one.start, Self.rank(one.state), 1))
      borders.append((min(one.end, byteCount), Self.rank(one.state), -1))
    }
    borders.sort { $0.place < $1.place }
    var open = [0, 0, 0, 0]
    var place: UInt64 = 0
    for border in borders + [(byteCount, 0, 0)] {
      if border.place > place {
        let rank = open.lastIndex { $0 > 0 } ?? 0
        add(border.place - place, rank)
        if rank == 0 { silent.append((artifact, Coverage(.skipped, place..<border.place, reason: Self.reason))) }
        place = border.place
      }
      open[border.rank] += border.change
    }
  }

  /// 0 is for nobody.
  private static func rank(_ state: Coverage.State) -> Int {
    switch state {
    case .skipped: 1
    case .scanned: 2
    case .parsed: 3
    }
  }

  private mutating func add(_ count: UInt64, _ rank: Int) {
    func sum(_ total: UInt64) -> UInt64 {
      let (result, over) = total.addingReportingOverflow(count)
      return over ? .max : result
    }
    switch rank {
    case 3: totals.parsed = sum(totals.parsed)
    case 2: totals.scanned = sum(totals.scanned)
    default: totals.skipped = sum(totals.skipped)
    }
  }
}
