import Bytes

/// An image whose memory lies in a source of bytes as it was: LiME, ELF cores, raw. Reads copy out of the source, views
/// point into the map of the file where that is the source, and nothing is kept in memory but the table of runs.
struct PlainImage: MemoryImage {
  let format: String
  let runs: [PhysicalRun]
  private let table: RunTable
  private let source: any RandomAccess
  /// The source, where that is the file itself.
  private let file: MappedFile?

  /// - Parameter table: runs whose `fileOffset` is set and whose bytes are all in the file.
  init(format: String, file: MappedFile, table: RunTable) {
    self.format = format
    self.file = file
    self.table = table
    source = file
    runs = table.runs
  }

  /// - Parameters:
  ///   - decoded: what the file decodes to.
  ///   - table: runs whose `fileOffset` counts in `decoded`.
  init(format: String, decoded: any RandomAccess, table: RunTable) {
    self.format = format
    file = nil
    self.table = table
    source = decoded
    runs = table.runs.map { PhysicalRun(start: $0.start, end: $0.end, fileOffset: nil) }
  }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard var index = table.index(of: physical) else { return 0 }
    var done = 0
    var place = physical
    // On into the next run where it begins at the next address: callers need not know how a dump was cut.
    while done < buffer.count, index < table.runs.count {
      let run = table.runs[index]
      guard run.start <= place, let offset = run.fileOffset else { break }
      let wanted = Int(min(UInt64(buffer.count - done), run.end - place))
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + wanted])
      let number = source.read(at: offset + (place - run.start), into: part)
      done += number
      if number < wanted { break }
      place += UInt64(number)
      index += 1
    }
    return done
  }

  func view(physical: UInt64, count: Int) -> ByteView? {
    guard let file, count >= 0, let index = table.index(of: physical) else { return nil }
    let run = table.runs[index]
    guard let offset = run.fileOffset, UInt64(count) <= run.end - physical else { return nil }
    let view = file.view(at: offset + (physical - run.start), count: count)
    return view.count == count ? view : nil
  }
}

extension PlainImage {
  /// What opening one of the plain formats comes to: the runs in order, and the account of the file's bytes.
  /// - Parameters:
  ///   - accounts: of headers and of what was passed over; memory is added here.
  ///   - unclaimed: what the bytes are that nothing speaks of.
  static func open(
    _ file: MappedFile, runs: [PhysicalRun], accounts: FileAccounts, report: ImageReport, unclaimed: String
  ) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    var report = report
    let distinct = Self.distinct(runs)
    if distinct.count < runs.count {
      report.damage.append("\(runs.count - distinct.count) ranges share bytes of the file with another: not read.")
    }
    let table = RunTable(distinct)
    if table.runs.isEmpty {
      throw MemoryImageError(
        .damaged, "the \(report.format) file holds no memory. \(report.damage.first ?? "It has no ranges.")")
    }
    var accounts = accounts
    for run in table.runs { accounts.add(.payload, from: run.fileOffset ?? 0, count: run.byteCount) }
    for run in table.overlapping {
      accounts.add(
        .skipped("another range of the dump holds the same addresses"), from: run.fileOffset ?? 0,
        count: run.byteCount)
    }
    if !table.overlapping.isEmpty { report.state("overlapping ranges", String(table.overlapping.count)) }
    report.runs = table.runs
    report.take(accounts.close(byteCount: file.byteCount, unclaimed: unclaimed))
    return (PlainImage(format: report.format, file: file, table: table), report)
  }
  /// The runs without those that lie, in part, where another one lies in the file: no writer makes them, and a small file
  /// could claim any amount of memory by them.
  private static func distinct(_ runs: [PhysicalRun]) -> [PhysicalRun] {
    var end: UInt64 = 0
    var kept = [Bool](repeating: true, count: runs.count)
    for index in runs.indices.sorted(by: { (runs[$0].fileOffset ?? 0, $0) < (runs[$1].fileOffset ?? 0, $1) }) {
      let offset = runs[index].fileOffset ?? 0
      if offset < end { kept[index] = false } else { end = offset + runs[index].byteCount }
    }
    return runs.indices.filter { kept[$0] }.map { runs[$0] }
  }

  /// The same for a file that is one zlib stream. Runs count in what it decodes to; the account is of the file's bytes.
  static func open(
    _ file: MappedFile, inflated: InflatedStream, runs: [PhysicalRun], report: ImageReport
  ) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let table = RunTable(runs)
    var report = report
    if let damage = inflated.damage { report.damage.insert(damage, at: 0) }
    if table.runs.isEmpty {
      throw MemoryImageError(
        .damaged, "the \(report.format) file holds no memory. \(report.damage.first ?? "It has no ranges.")")
    }
    report.compression = "zlib"
    report.state("decoded bytes", String(inflated.byteCount))
    report.state("places in the text of this report", "count in the decoded bytes")
    let image = PlainImage(format: report.format, decoded: inflated, table: table)
    report.runs = image.runs
    var accounts = FileAccounts()
    accounts.add(.header, from: 0, count: 2)
    accounts.add(.payload, from: 2, to: inflated.inputByteCount)
    report.take(
      accounts.close(byteCount: file.byteCount, unclaimed: "behind the part of the zlib stream that can be decoded"))
    return (image, report)
  }
}
