import Bytes

/// How a file of bare memory lies in physical addresses. Nothing in such a file says it: the layouts are tried in turn,
/// and the one by which a kernel's own tables hold is right.
public struct RawLayout: Hashable, Sendable {
  /// One stretch: `byteCount` bytes of the file, one after the other, at `physical`. The last one takes what is left.
  public struct Part: Hashable, Sendable {
    public var physical: UInt64
    public var byteCount: UInt64

    public init(physical: UInt64, byteCount: UInt64 = .max) {
      self.physical = physical
      self.byteCount = byteCount
    }
  }

  /// In the order of the file.
  public var parts: [Part]

  public init(parts: [Part]) { self.parts = parts }

  /// The byte at offset N is the byte at address N.
  public static let identity = RawLayout(parts: [Part(physical: 0)])

  /// RAM that begins at an address other than 0: AArch64 boards.
  public static func startingAt(_ base: UInt64) -> RawLayout { RawLayout(parts: [Part(physical: base)]) }

  /// RAM without the PCI hole below 4 GiB: the bytes from `hole` on lie at 4 GiB.
  public static func pciHole(at hole: UInt64) -> RawLayout {
    RawLayout(parts: [Part(physical: 0, byteCount: hole), Part(physical: 1 << 32)])
  }

  /// What LiME writes with `format=raw`: the ranges of System RAM one after the other, without what lies between. On a PC:
  /// conventional memory without page 0, then from 1 MiB on.
  public static let limeRaw = RawLayout(parts: [
    Part(physical: 0x1000, byteCount: 0x9E000), Part(physical: 0x10_0000),
  ])

  /// The layouts that are worth trying on a file of a length, likeliest first.
  ///
  /// Holes: 3 GiB QEMU's i440fx, VMware, Google; 2 GiB and 2.75 GiB QEMU's q35; 3.25 GiB Firecracker; 3.5 GiB i440fx with
  /// less than 3.5 GiB; 3.75 GiB Xen; 3.875 GiB Hyper-V. A file no longer than the hole's place has none. Starts: 1 GiB
  /// QEMU's `virt` board and AWS Graviton, 2 GiB other AArch64 boards.
  public static func candidates(byteCount: UInt64) -> [RawLayout] {
    let holes: [UInt64] = [
      0xC000_0000, 0x8000_0000, 0xB000_0000, 0xD000_0000, 0xE000_0000, 0xF000_0000, 0xF800_0000,
    ]
    let shifted = holes.filter { $0 < byteCount }.map(pciHole(at:))
    return [identity] + shifted + [startingAt(0x4000_0000), startingAt(0x8000_0000), limeRaw]
  }

  func open(_ file: MappedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    // LiME compresses its padded and raw forms too.
    if RawLayout.isCompressed(file.view(at: 0, count: 65536)), let inflated = InflatedStream(file) {
      return try PlainImage.open(
        file, inflated: inflated, runs: runs(byteCount: inflated.byteCount),
        report: ImageReport(format: "raw", version: ""))
    }
    var report = ImageReport(format: "raw", version: "")
    if self != .identity { report.state("assumed layout", description) }
    return try PlainImage.open(
      file, runs: runs(byteCount: file.byteCount), accounts: FileAccounts(), report: report,
      unclaimed: "outside of the assumed layout")
  }

  /// `0 at 0x0, 0xc0000000 at 0x100000000`: which offset of the file lies at which address.
  private var description: String {
    var place: UInt64 = 0
    var texts: [String] = []
    for part in parts {
      texts.append("0x\(String(place, radix: 16)) at 0x\(String(part.physical, radix: 16))")
      place = place.addingReportingOverflow(part.byteCount).partialValue
    }
    return texts.joined(separator: ", ")
  }

  /// Whether bare memory is a zlib stream with LiME's window of 2^11 bytes that decodes to at least a page.
  static func isCompressed(_ head: ByteView) -> Bool {
    head[0] == 0x38 && InflatedStream.decodedHead(head, count: 4096).count == 4096
  }

  /// The runs of a file of a length; stretches behind its end are left out.
  func runs(byteCount: UInt64) -> [PhysicalRun] {
    var runs: [PhysicalRun] = []
    var place: UInt64 = 0
    for part in parts where place < byteCount && part.physical < RunTable.addressLimit {
      let count = min(part.byteCount, byteCount - place, RunTable.addressLimit - part.physical)
      runs.append(PhysicalRun(start: part.physical, end: part.physical + count, fileOffset: place))
      place += count
    }
    return runs
  }
}
