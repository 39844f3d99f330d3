import Bytes

/// An ELF core of a whole machine: QEMU's `dump-guest-memory`, `/proc/vmcore`, `makedumpfile -E`, on x86-64 and AArch64.
///
/// 64-bit, little endian, `ET_CORE`. Each `PT_LOAD` is a run: `p_paddr`, `p_filesz` bytes at `p_offset`. With `e_phnum`
/// 0xFFFF (PN_XNUM) the count of segments is `sh_info` of the first section header. Source: elf(5).
struct ELFCore {
  private static let loadable: UInt32 = 1
  private static let note: UInt32 = 4
  private static let extendedCount = 0xFFFF
  /// Notes hold registers and a text of some KiB; 512 processors with SVE come to 10 MiB.
  private static let noteLimit: UInt64 = 1 << 24

  /// In the order of the table of segments; `fileOffset` counts in the source.
  private(set) var runs: [PhysicalRun] = []
  /// Headers and notes; memory is added from the runs.
  private(set) var accounts = FileAccounts()
  private(set) var report = ImageReport(format: "elf-core", version: "1")

  private let source: any RandomAccess
  private var noteByteCount: UInt64 = 0

  init(_ source: any RandomAccess) throws(MemoryImageError) {
    self.source = source
    let header = source.bytes(at: 0, count: 64)
    guard let shape = header.withView({ Shape($0) }) else {
      throw MemoryImageError(.unsupported, "only 64-bit little-endian ELF cores can be read")
    }
    accounts.add(.header, from: 0, count: 64)
    report.machine = shape.machineName
    let segments = try readSegments(shape)
    accountForSections(shape)
    report.state("segments", String(segments.count))
    for segment in segments {
      switch segment.type {
      case Self.loadable: load(segment)
      case Self.note: readNotes(segment)
      default: break
      }
    }
    for (number, root) in report.pageTableRoots.enumerated() { report.state("CR3 of processor \(number)", hex(root)) }
  }

  static func open(_ source: FlattenedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let core = try ELFCore(source)
    var report = core.report
    report.damage.insert(contentsOf: source.damage, at: 0)
    if source.isFlattened { report.state("flattened", "\(source.extents.count) records") }
    return try PlainImage.open(
      source.file, runs: source.located(core.runs), accounts: source.located(core.accounts), report: report,
      unclaimed: "no segment or note of the ELF core covers these bytes")
  }

  /// What `recognize` needs to know from the first bytes: a core, and not the core of a single process.
  static func recognizes(_ head: ByteView) -> Bool {
    guard head.hasPrefix("\u{7F}ELF"), head.u16(16) == 4 else { return false }
    guard let shape = Shape(head) else { return true }
    // A process's core has virtual addresses of user space and no physical ones; a machine's has physical ones, or
    // (a single segment at 0) no virtual ones.
    var processSegments = 0
    for index in 0..<min(shape.segmentCount, 64) {
      guard let offset = shape.offset(ofSegment: index), let place = Int(exactly: offset),
        let segment = Segment(head.slice(place, place + 56)), segment.type == loadable
      else { continue }
      if segment.physical != 0 || segment.virtual == 0 || segment.virtual >= 1 << 63 { return true }
      processSegments += 1
    }
    return processSegments == 0
  }

  // MARK: Segments

  private struct Shape {
    var machine: UInt16
    var segmentTable: UInt64
    var sectionTable: UInt64
    var segmentByteCount: UInt64
    var segmentCount: Int
    var sectionCount: Int

    init?(_ header: ByteView) {
      // Class 2: 64 bit; data 1: little endian.
      guard header.hasPrefix("\u{7F}ELF"), header[4] == 2, header[5] == 1, header.u16(16) == 4,
        let machine = header.u16(18), let segmentTable = header.u64(32), let sectionTable = header.u64(40),
        let size = header.u16(54), let count = header.u16(56), let sections = header.u16(60), size >= 56
      else { return nil }
      self.machine = machine
      self.segmentTable = segmentTable
      self.sectionTable = sectionTable
      segmentByteCount = UInt64(size)
      segmentCount = Int(count)
      sectionCount = Int(sections)
    }

    func offset(ofSegment index: Int) -> UInt64? {
      let (distance, over) = UInt64(index).multipliedReportingOverflow(by: segmentByteCount)
      let (sum, beyond) = segmentTable.addingReportingOverflow(distance)
      return over || beyond ? nil : sum
    }

    var machineName: String {
      switch machine {
      case 62: "x86_64"
      case 183: "aarch64"
      default: "ELF machine \(machine)"
      }
    }
  }

  private struct Segment {
    var type: UInt32
    var offset: UInt64
    var virtual: UInt64
    var physical: UInt64
    var byteCount: UInt64
    var memoryByteCount: UInt64

    init?(_ bytes: ByteView) {
      guard let type = bytes.u32(0), let offset = bytes.u64(8), let virtual = bytes.u64(16),
        let physical = bytes.u64(24), let byteCount = bytes.u64(32), let memoryByteCount = bytes.u64(40)
      else { return nil }
      self.type = type
      self.offset = offset
      self.virtual = virtual
      self.physical = physical
      self.byteCount = byteCount
      self.memoryByteCount = memoryByteCount
    }
  }

  private mutating func readSegments(_ shape: Shape) throws(MemoryImageError) -> [Segment] {
    var count = shape.segmentCount
    if count == Self.extendedCount {
      // sh_info of section header 0.
      guard let real = source.bytes(at: shape.sectionTable, count: 64).withView({ $0.u32(44) }) else {
        throw MemoryImageError(.damaged, "the count of segments (section header 0) lies outside of the file")
      }
      accounts.add(.header, from: shape.sectionTable, count: 64)
      count = Int(real)
    }
    if count > RunTable.maximumCount {
      report.damage.append("The header claims \(count) segments; \(RunTable.maximumCount) are read.")
      count = RunTable.maximumCount
    }
    var segments: [Segment] = []
    for index in 0..<count {
      guard let offset = shape.offset(ofSegment: index),
        let segment = source.bytes(at: offset, count: 56).withView({ Segment($0) })
      else {
        report.damage.append("The file ends inside of its table of segments: \(segments.count) of \(count) are read.")
        break
      }
      accounts.add(.header, from: offset, count: shape.segmentByteCount)
      segments.append(segment)
    }
    return segments
  }

  /// QEMU writes a table of sections with their names too. Nothing is read from it; its bytes are headers.
  private mutating func accountForSections(_ shape: Shape) {
    for index in 0..<min(shape.sectionCount, 16) {
      let (offset, over) = shape.sectionTable.addingReportingOverflow(UInt64(index) * 64)
      if over || shape.sectionTable == 0 { return }
      accounts.add(.header, from: offset, count: 64)
      source.bytes(at: offset, count: 64).withView { section in
        // SHT_STRTAB
        guard section.u32(4) == 3, let contents = section.u64(24), let count = section.u64(32), count <= 4096 else {
          return
        }
        accounts.add(.header, from: contents, count: count)
      }
    }
  }

  private mutating func load(_ segment: Segment) {
    // All ones: a segment of /proc/kcore that is not memory of the direct map (modules, vmalloc).
    guard segment.byteCount > 0, segment.physical != .max else { return }
    guard segment.physical < RunTable.addressLimit else {
      report.damage.append("A segment claims the physical address \(hex(segment.physical)): not read.")
      return
    }
    let there = source.byteCount > segment.offset ? min(source.byteCount - segment.offset, segment.byteCount) : 0
    if there < segment.byteCount {
      report.damage.append(
        "The file ends inside of the segment at \(hex(segment.physical)): \(segment.byteCount - there) of its "
          + "\(segment.byteCount) bytes are missing.")
    }
    guard there > 0 else { return }
    let count = min(there, RunTable.addressLimit - segment.physical)
    runs.append(
      PhysicalRun(start: segment.physical, end: segment.physical + count, fileOffset: segment.offset))
  }

  // MARK: Notes

  private mutating func readNotes(_ segment: Segment) {
    let limit = Self.noteLimit - min(noteByteCount, Self.noteLimit)
    let table = source.bytes(at: segment.offset, count: Int(min(segment.byteCount, limit)))
    noteByteCount += UInt64(table.count)
    accounts.add(.header, from: segment.offset, count: UInt64(table.count))
    if UInt64(table.count) < segment.byteCount {
      report.damage.append("The notes are cut: \(table.count) of \(segment.byteCount) bytes are read.")
    }
    report.notes.append(contentsOf: ELFNotes.read(table, fileOffset: segment.offset))
  }
}

/// The notes of a PT_NOTE segment, or of a kdump header: `u32` lengths of name and contents, `u32` type, then both, each
/// filled up to 4 bytes.
enum ELFNotes {
  /// More than any machine has processors, a few for each.
  private static let maximumCount = 1 << 14

  static func read(_ table: [UInt8], fileOffset: UInt64) -> [ImageReport.Note] {
    var notes: [ImageReport.Note] = []
    table.withView { view in
      var place = 0
      while notes.count < maximumCount, let nameCount = view.u32(place), let count = view.u32(place + 4),
        let type = view.u32(place + 8)
      {
        let name = place + 12
        let contents = name + (Int(nameCount) + 3) & ~3
        let next = contents + (Int(count) + 3) & ~3
        guard contents <= view.count, contents + Int(count) <= view.count, nameCount > 0 || count > 0 else { return }
        var text = view.slice(name, name + Int(nameCount))
        if let end = text.firstIndex(of: 0) { text = text.slice(0, end) }
        notes.append(
          ImageReport.Note(
            name: text.string, type: type, fileOffset: fileOffset &+ UInt64(contents),
            bytes: view.slice(contents, contents + Int(count)).array))
        place = next
      }
    }
    return notes
  }
}
