import Bytes

/// Opening of kdump-compressed dumps: what the headers say, which pages can be read, and what is missing at the end.
enum Kdump {
  static func open(_ source: FlattenedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let header = try KdumpHeader(source)
    let pages = KdumpPages(header, source)
    var report = ImageReport(format: "kdump", version: String(header.version))
    report.compression = header.compressions
    report.damage = source.damage
    state(header, pages, source, &report)

    var (held, isComplete) = pages.held(limit: RunTable.maximumCount)
    if !isComplete {
      report.damage.append("More than \(RunTable.maximumCount) stretches of pages; the ones behind them are not read.")
    }
    if header.isIncomplete { report.damage.append("The writer says that it could not finish the dump.") }
    if header.isIncomplete || endIsMissing(header, pages, source) {
      let claimed = count(held)
      held = pages.held(limit: RunTable.maximumCount) { isWhole($0, header, source) }.ranges
      let missing = claimed - min(count(held), claimed)
      if missing > 0 { report.damage.append("The file ends early: \(missing) of \(claimed) pages are missing.") }
    }
    guard !held.isEmpty else {
      throw MemoryImageError(.damaged, "the kdump file holds no page. \(report.damage.first ?? "")")
    }
    let image = KdumpImage(header, pages, source, held: held)
    report.runs = image.runs
    account(header, pages, source, &report)
    return (image, report)
  }

  private static func count(_ ranges: [Range<UInt64>]) -> UInt64 {
    ranges.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
  }

  private static func state(
    _ header: KdumpHeader, _ pages: KdumpPages, _ source: FlattenedFile, _ report: inout ImageReport
  ) {
    let names = ["system", "host", "release", "kernel version", "machine", "domain"]
    for (name, value) in zip(names, header.system) where !value.isEmpty { report.state(name, value) }
    if header.system.count > 4, !header.system[4].isEmpty { report.machine = header.system[4] }
    report.state("page size", String(header.pageByteCount))
    report.state("dump level", String(header.dumpLevel))
    if header.dumpLevel > 1 {
      report.state("left out", "pages that the writer took for unneeded (dump level \(header.dumpLevel)): holes")
    }
    if source.isFlattened { report.state("flattened", "\(source.extents.count) records") }
    if let own = header.ownPages {
      report.state("part of a split dump", "pages \(own.lowerBound) to \(own.upperBound)")
    }
    report.state("pages in the dump", String(pages.descriptorCount))
    report.state("phys_base", String(header.physicalBase))
    let limit: UInt64 = 1 << 24
    let notes = source.bytes(at: header.notes.offset, count: Int(min(header.notes.count, limit)))
    report.notes = ELFNotes.read(notes, fileOffset: header.notes.offset)
    if report.vmcoreinfo == nil, header.vmcoreinfo.count > 0 {
      let text = source.bytes(at: header.vmcoreinfo.offset, count: Int(min(header.vmcoreinfo.count, 1 << 20)))
      report.notes.append(
        ImageReport.Note(name: "VMCOREINFO", type: 0, fileOffset: header.vmcoreinfo.offset, bytes: text))
    }
  }

  /// Whether one of the last descriptors, or its page, lies behind the end of the file.
  private static func endIsMissing(_ header: KdumpHeader, _ pages: KdumpPages, _ source: FlattenedFile) -> Bool {
    let last = pages.descriptorCount
    return (last - min(last, 64)..<last).contains { !isWhole($0, header, source) }
  }

  private static func isWhole(_ number: UInt64, _ header: KdumpHeader, _ source: FlattenedFile) -> Bool {
    KdumpDescriptor(source, header, number)?.isWhole(in: source) ?? false
  }

  private static func account(
    _ header: KdumpHeader, _ pages: KdumpPages, _ source: FlattenedFile, _ report: inout ImageReport
  ) {
    var accounts = FileAccounts()
    let firstPage = header.descriptors + pages.descriptorCount * KdumpHeader.descriptorByteCount
    accounts.add(.header, from: 0, to: firstPage)
    let end = source.byteCount
    let erased = header.eraseInfo
    if erased.count > 0, erased.offset >= firstPage, erased.offset < end {
      accounts.add(.payload, from: firstPage, to: erased.offset)
      accounts.add(.header, from: erased.offset, count: erased.count)
      let (rest, over) = erased.offset.addingReportingOverflow(erased.count)
      if !over { accounts.add(.payload, from: rest, to: end) }
    } else {
      accounts.add(.payload, from: firstPage, to: end)
    }
    report.take(
      source.located(accounts).close(byteCount: source.file.byteCount, unclaimed: "outside of the dump's records"))
  }
}
