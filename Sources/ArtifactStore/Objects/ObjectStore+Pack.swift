import Bytes
import Evidence
import Foundation

/// Where pages lie in an object: a run of bytes at an offset that is memory from an address on.
public struct PageRun: Hashable, Sendable {
  public var offset: UInt64
  public var address: UInt64
  public var byteCount: UInt64

  public init(offset: UInt64, address: UInt64, byteCount: UInt64) {
    self.offset = offset
    self.address = address
    self.byteCount = byteCount
  }
}

extension ObjectStore {
  /// What became of packing an object.
  public enum PackOutcome: Hashable, Sendable {
    /// Kept as it was, and now one that others are packed against.
    case base
    /// Bytes on the disk before and after.
    case packed(against: Digest, before: UInt64, after: UInt64)
    /// It is packed already, gone, or too unlike the bases to gain anything.
    case unchanged
  }

  /// How many images others are packed against are kept in mind: the newest are the likeliest to be of the same host.
  private static let maximumBases = 64
  private var basesFile: String { root + "/bases" }

  /// Objects that others may be packed against, in the order in which they came.
  func bases() -> [Digest] {
    let text = FileManager.default.contents(atPath: basesFile).map { [UInt8]($0) } ?? []
    return text.withView { $0.split(0x0A).compactMap { Digest(hex: $0.string) } }
  }

  private func addBase(_ digest: Digest) throws(StoreError) {
    let all = (bases().filter { $0 != digest && form(of: $0) == .plain } + [digest]).suffix(Self.maximumBases)
    try writeAtomically(Array(all.map { $0.hex + "\n" }.joined().utf8), to: basesFile, durable: true)
  }

  /// Keeps a memory image as the pages in which it differs from an earlier image of the store, where that saves a quarter of its
  /// disk or more. The new form is read back and compared with the digest before it takes the old one's place. One process packs at
  /// a time; others may read meanwhile.
  ///
  /// - Parameter layout: where an object's pages lie; nil for one that is no image. Asked for this object and for bases.
  public func pack(
    _ digest: Digest, layout: (MappedFile) -> [PageRun]?, onProgress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> PackOutcome {
    let lock = try FileLock(root + "/pack.lock", .exclusive)
    defer { lock.release() }
    guard form(of: digest) == .plain, !bases().contains(digest) else { return .unchanged }
    let file = try open(digest)
    guard let runs = layout(file), !runs.isEmpty else { return .unchanged }
    let image = PagedObject(file, runs)
    guard let (base, other) = likest(image, layout) else {
      try addBase(digest)
      return .base
    }
    let before = diskSize(of: digest)
    let scratch = try ScratchFile(in: temporary)
    let packer = try PagePacker(image, against: other, into: scratch, table: ScratchFile(in: temporary))
    guard try packer.run(limit: before / 4 * 3, onProgress: onProgress) else {
      try addBase(digest)
      return .base
    }
    try packer.finish(digest: digest, base: base)
    let written: MappedFile
    do throws(BytesError) { written = try MappedFile(path: scratch.path) } catch {
      throw StoreError(.cannotRead, error.reason)
    }
    try verify(digest, AccessStream(PackedObject(written) { (_) throws(StoreError) in other.file }))
    try scratch.settle(at: place(of: digest, as: .packed), "object \(digest.hex)")
    unlink(place(of: digest, as: .plain))
    return .packed(against: base, before: before, after: diskSize(of: digest))
  }

  /// The base that shares the most pages with an image, by a sample. Where none shares a few at the same addresses, the newest: a host
  /// that was started anew has the same pages elsewhere, and `PagePacker` soon sees when it is another host. nil where there is none.
  private func likest(
    _ image: PagedObject, _ layout: (MappedFile) -> [PageRun]?
  ) -> (digest: Digest, image: PagedObject)? {
    var best: (digest: Digest, image: PagedObject)?
    var newest: (digest: Digest, image: PagedObject)?
    var most = PagedObject.sampleCount / 16
    for base in bases().reversed() {
      guard form(of: base) == .plain, let file = try? open(base), let runs = layout(file), !runs.isEmpty else {
        continue
      }
      let other = PagedObject(file, runs)
      newest = newest ?? (base, other)
      let shared = image.sampleShared(with: other)
      guard shared > most else { continue }
      most = shared
      best = (base, other)
    }
    return best ?? newest
  }
}

/// An object with the places of its pages.
struct PagedObject {
  static let pageSize = 4096
  static let sampleCount = 1024

  let file: MappedFile
  /// By offset, none overlapping another.
  let runs: [PageRun]
  /// The same by address.
  private let byAddress: [PageRun]

  init(_ file: MappedFile, _ all: [PageRun]) {
    self.file = file
    var kept: [PageRun] = []
    for run in all.sorted(by: { $0.offset < $1.offset }) {
      let (end, over) = run.offset.addingReportingOverflow(run.byteCount)
      let begin = kept.last.map { $0.offset + $0.byteCount } ?? 0
      let addressOver = run.address.addingReportingOverflow(run.byteCount).overflow
      guard !over, !addressOver, end <= file.byteCount, run.offset >= begin, run.byteCount > 0 else { continue }
      kept.append(run)
    }
    runs = kept
    byAddress = kept.sorted { $0.address < $1.address }
  }

  /// Offset of the byte at an address, where a whole page from there lies in one run.
  func offset(of address: UInt64, count: Int) -> UInt64? {
    var low = 0
    var high = byAddress.count
    while low < high {
      let middle = (low + high) / 2
      if byAddress[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let run = byAddress[low - 1]
    let skip = address - run.address
    guard skip < run.byteCount, run.byteCount - skip >= UInt64(count) else { return nil }
    return run.offset + skip
  }

  /// How many of `sampleCount` pages, spread evenly, hold the same at the same address in the other. Pages of zeros count for nothing.
  func sampleShared(with other: PagedObject) -> Int {
    let pages = runs.reduce(UInt64(0)) { $0 + $1.byteCount / UInt64(Self.pageSize) }
    let step = max(pages / UInt64(Self.sampleCount), 1)
    var shared = 0
    var skip: UInt64 = 0
    for run in runs {
      var page = skip
      let count = run.byteCount / UInt64(Self.pageSize)
      while page < count {
        let place = page * UInt64(Self.pageSize)
        let mine = file.view(at: run.offset + place, count: Self.pageSize)
        if mine[0] | mine[1] | mine[8] | mine[64] | mine[2048] != 0,
          let there = other.offset(of: run.address + place, count: Self.pageSize),
          mine == other.file.view(at: there, count: Self.pageSize)
        {
          shared += 1
        }
        page += step
      }
      skip = page - count
    }
    return shared
  }
}
