import Bytes

/// Where the ranges of a LiME stream lie: version 1, also written by AVML in its version 1 format.
///
/// 32 bytes of header before each range: `u32 magic` (`EMiL` on disk), `u32 version`, `u64 first`, `u64 last` address
/// (inclusive), 8 reserved zero bytes; then the range's bytes. Source: lime.h and main.c of github.com/504ensicsLabs/LiME.
/// A writer that failed leaves out the rest of a range, so the next header comes too early; `LiMERecovery` finds it.
struct LiMELayout {
  static let magic: UInt32 = 0x4C69_4D45
  static let headerByteCount: UInt64 = 32

  struct Header: Hashable {
    var start: UInt64
    /// Half open, unlike the field on disk.
    var end: UInt64
    var byteCount: UInt64 { end - start }

    /// - Parameter magicRequired: false reads the addresses whatever stands in the fields before them.
    init?(_ bytes: ByteView, magicRequired: Bool = true) {
      guard let magic = bytes.u32(0), let version = bytes.u32(4), let first = bytes.u64(8), let last = bytes.u64(16),
        bytes.count >= 32, !magicRequired || (magic == LiMELayout.magic && version == 1), first <= last,
        last < RunTable.addressLimit
      else { return nil }
      start = first
      end = last + 1
    }
  }

  /// In the order of the file, offsets into the stream.
  private(set) var runs: [PhysicalRun] = []
  /// Headers and what was passed over; memory is added from the runs.
  private(set) var accounts = FileAccounts()
  private(set) var damage: [String] = []

  private let source: any RandomAccess
  private var recovery: LiMERecovery?

  init(_ source: any RandomAccess) {
    self.source = source
    walk()
  }

  static func open(_ file: MappedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let inflated = header(in: file, at: 0) == nil && InflatedStream.recognizes(file.view) ? InflatedStream(file) : nil
    let layout = LiMELayout(inflated ?? file)
    var report = ImageReport(format: "lime", version: "1")
    report.state("ranges", String(layout.runs.count))
    report.damage = layout.damage
    if let inflated {
      return try PlainImage.open(file, inflated: inflated, runs: layout.runs, report: report)
    }
    return try PlainImage.open(
      file, runs: layout.runs, accounts: layout.accounts, report: report, unclaimed: "between LiME ranges")
  }

  /// What `recognize` needs to know from the first bytes: a header, or one at the start of a zlib stream.
  static func recognizes(_ head: ByteView) -> Bool {
    Header(head) != nil || InflatedStream.decodedHead(head, count: 32).withView { Header($0) != nil }
  }

  static func header(in source: any RandomAccess, at offset: UInt64) -> Header? {
    source.bytes(at: offset, count: 32).withView { Header($0) }
  }

  private mutating func walk() {
    var place: UInt64 = 0
    while place < source.byteCount {
      guard runs.count < RunTable.maximumCount else {
        damage.append("More than \(RunTable.maximumCount) ranges; the file is not read from byte \(place) on.")
        accounts.add(.skipped("too many ranges"), from: place, to: source.byteCount)
        return
      }
      guard let header = Self.header(in: source, at: place) else {
        guard let next = recover(at: place) else { return }
        place = next
        continue
      }
      place = take(header, at: place)
    }
  }

  /// Adds a range and returns where the next header should be.
  private mutating func take(_ header: Header, at place: UInt64) -> UInt64 {
    let payload = place + Self.headerByteCount
    accounts.add(.header, from: place, to: payload)
    let there = source.byteCount > payload ? source.byteCount - payload : 0
    if header.byteCount > there {
      if let next = nextHeader(after: payload, above: header.start, guessFrom: nil) {
        return cut(header, payload: payload, at: next)
      }
      damage.append(
        "The file ends inside of the range \(hex(header.start))-\(hex(header.end - 1)): "
          + "\(header.byteCount - there) of its \(header.byteCount) bytes are missing.")
      add(header, payload: payload, count: there)
      return source.byteCount
    }
    let next = payload + header.byteCount
    // A range of which the writer left out the rest shows only here: no header follows where one should.
    if next < source.byteCount, Self.header(in: source, at: next) == nil,
      let early = nextHeader(after: payload, above: header.start, guessFrom: header.end), early < next
    {
      return cut(header, payload: payload, at: early)
    }
    add(header, payload: payload, count: header.byteCount)
    return next
  }

  private mutating func add(_ header: Header, payload: UInt64, count: UInt64) {
    guard count > 0 else { return }
    runs.append(PhysicalRun(start: header.start, end: header.start + count, fileOffset: payload))
  }

  private mutating func cut(_ header: Header, payload: UInt64, at next: UInt64) -> UInt64 {
    let there = next - payload
    damage.append(
      "The range \(hex(header.start))-\(hex(header.end - 1)) holds \(there) of its \(header.byteCount) bytes: "
        + "the next header is at byte \(next). The rest is taken as a hole.")
    add(header, payload: payload, count: there)
    return next
  }

  private mutating func nextHeader(after offset: UInt64, above address: UInt64, guessFrom end: UInt64?) -> UInt64? {
    // Walking goes upwards, so one search from the first place of damage on serves all later ones.
    if recovery == nil { recovery = LiMERecovery(source, from: offset) }
    return recovery?.next(after: offset, above: address, guessFrom: end)
  }

  /// Goes on after bytes that should have been a header: with that header where only its magic is damaged, else with the
  /// next one that can be found.
  private mutating func recover(at place: UInt64) -> UInt64? {
    let reached = runs.last?.end ?? 0
    let next = nextHeader(after: place, above: reached &- min(reached, 1), guessFrom: reached)
    let end = next ?? source.byteCount
    let raw = source.bytes(at: place, count: 32)
    if let header = raw.withView({ Header($0, magicRequired: false) }), header.start & 0xFFF == 0,
      place + Self.headerByteCount + header.byteCount == end
    {
      damage.append("The header at byte \(place) is damaged; its addresses fit the file and are used.")
      accounts.add(.header, from: place, count: Self.headerByteCount)
      add(header, payload: place + Self.headerByteCount, count: header.byteCount)
      return end
    }
    let what = raw.allSatisfy { $0 == 0 } ? "zeros" : "bytes without a header"
    damage.append("\(end - place) \(what) at byte \(place)\(next == nil ? " to the end of the file" : ""): not read.")
    accounts.add(.skipped("no LiME header before these bytes"), from: place, to: end)
    return next
  }
}

/// A number as addresses are written.
func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
