@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Two dumps of one host: the same bytes, less room.
struct PackingTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore
  private static let page = 4096

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  /// A dump as LiME lays it out: a header of some bytes before each range of pages.
  private struct Dump {
    var bytes: [UInt8] = []
    var runs: [PageRun] = []
  }

  private func noise(_ seed: Int, _ page: Int) -> [UInt8] {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(page) &+ 1
    return (0..<Self.page / 8).flatMap { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return withUnsafeBytes(of: state) { Array($0) }
    }
  }

  /// - Parameter content: of each page by its number; nil for zeros.
  private func dump(_ ranges: [Range<Int>], header: Int, _ content: (Int) -> [UInt8]?) -> Dump {
    var dump = Dump()
    for range in ranges {
      dump.bytes += (0..<header).map { UInt8(truncatingIfNeeded: $0 &+ range.lowerBound) | 1 }
      dump.runs.append(
        PageRun(
          offset: UInt64(dump.bytes.count), address: UInt64(range.lowerBound * Self.page),
          byteCount: UInt64(range.count * Self.page)))
      for page in range { dump.bytes += content(page) ?? [UInt8](repeating: 0, count: Self.page) }
    }
    return dump
  }

  /// Packs both, telling an object by its length.
  private func pack(_ first: Dump, _ second: Dump) throws -> (first: Digest, second: Digest, ObjectStore.PackOutcome) {
    let one = try store.objects.put(first.bytes).digest
    let two = try store.objects.put(second.bytes).digest
    let layout: (MappedFile) -> [PageRun]? = { file in
      file.withView { $0.array } == first.bytes ? first.runs : second.runs
    }
    #expect(try store.objects.pack(one, layout: layout) == .base)
    return (one, two, try store.objects.pack(two, layout: layout))
  }

  private var earlier: Dump { dump([0..<300, 400..<900], header: 32) { $0 % 5 == 0 ? nil : noise(1, $0) } }
  /// 30 % of the pages are others, ranges and headers lie elsewhere.
  private var later: Dump {
    dump([0..<200, 210..<300, 400..<880], header: 48) { $0 % 5 == 0 ? nil : noise($0 % 10 < 3 ? 2 : 1, $0) }
  }

  @Test func aSecondDumpTakesLessThanHalf() throws {
    let (one, two, outcome) = try pack(earlier, later)
    guard case .packed(let base, let before, let after) = outcome else {
      Issue.record("not packed: \(outcome)")
      return
    }
    #expect(base == one && after * 2 < before)
    #expect(store.objects.form(of: two) == .packed && store.objects.base(of: two) == one)
    #expect(store.objects.byteCount(of: two) == UInt64(later.bytes.count))
    #expect(store.objects.contains(two) && store.objects.list().contains(two))
    try store.objects.verify(two)
    #expect(try store.objects.open(two).withView { $0.array } == later.bytes)
    // Packed again it stays as it is; put again it is known.
    #expect(try store.objects.pack(two) { _ in nil } == .unchanged)
    #expect(try store.objects.put(later.bytes).isNew == false)
  }

  @Test func everyPlaceReadsTheSame() throws {
    let (_, two, _) = try pack(earlier, later)
    let reader = try store.objects.reader(two)
    let bytes = later.bytes
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let count = Int.random(in: 1...20_000, using: &random)
      var out = [UInt8](repeating: 0xEE, count: count)
      let read = out.withUnsafeMutableBytes { reader.read(at: UInt64(start), into: $0) }
      #expect(read == min(count, bytes.count - start))
      #expect(out.prefix(read).elementsEqual(bytes[start..<start + read]))
    }
    var byte: [UInt8] = [0]
    #expect(byte.withUnsafeMutableBytes { reader.read(at: UInt64(bytes.count), into: $0) } == 0)
    #expect(byte.withUnsafeMutableBytes { reader.read(at: .max, into: $0) } == 0)
  }

  @Test func pagesThatMovedAreFoundToo() throws {
    // After a reboot the kernel lies elsewhere; page 20 of one is page 120 of the other.
    let first = dump([0..<400], header: 32) { noise(1, $0) }
    let second = dump([0..<400], header: 32) { $0 < 20 ? noise(1, $0) : noise(1, ($0 + 300) % 400) }
    guard case .packed(_, let before, let after) = try pack(first, second).2 else {
      Issue.record("not packed")
      return
    }
    #expect(after * 10 < before)
  }

  @Test func theDumpOfAnotherHostStaysWholeAndOthersArePackedAgainstIt() throws {
    let other = dump([0..<300], header: 32) { noise(7, $0) }
    let (_, two, outcome) = try pack(earlier, other)
    #expect(outcome == .base && store.objects.form(of: two) == .plain)
    #expect(store.objects.bases().count == 2)
  }

  @Test func whatIsNoImageOrLiesAboutItsPagesStaysWhole() throws {
    let digest = try store.objects.put(earlier.bytes).digest
    #expect(try store.objects.pack(digest) { _ in nil } == .unchanged)
    let wild = [
      PageRun(offset: .max, address: 0, byteCount: 4096), PageRun(offset: 0, address: .max, byteCount: 4096),
      PageRun(offset: 0, address: 0, byteCount: .max), PageRun(offset: 0, address: 0, byteCount: 0),
    ]
    let image = PagedObject(try store.objects.open(digest), wild)
    #expect(image.runs.isEmpty && image.sampleShared(with: image) == 0)
    #expect(throws: Never.self) { try store.objects.pack(Digest(of: [9])) { _ in wild } }
  }

  @Test func aDamagedPageATruncatedFormAndALostBaseAreNamed() throws {
    let (one, two, _) = try pack(earlier, later)
    let place = store.objects.place(of: two, as: .packed)
    let whole = try Data(contentsOf: URL(fileURLWithPath: place))
    func expectDamage(_ change: (inout Data) -> Void) throws {
      var data = whole
      change(&data)
      chmod(place, 0o644)
      try data.write(to: URL(fileURLWithPath: place))
      #expect(throws: StoreError(.integrity, "")) { try store.objects.verify(two) }
      store.objects.emptyCache()
      #expect(throws: StoreError(.integrity, "")) { try store.objects.open(two) }
    }
    try expectDamage { $0[5000] ^= 1 }
    try expectDamage { $0.removeLast(1000) }
    try expectDamage { $0[$0.count - 100] ^= 1 }
    try expectDamage { $0 = Data() }
    try whole.write(to: URL(fileURLWithPath: place))
    try store.objects.verify(two)
    unlink(store.objects.place(of: one, as: .plain))
    #expect(throws: StoreError(.integrity, "")) { try store.objects.verify(two) }
  }

  @Test func noTableTrapsTheReader() throws {
    let (_, two, _) = try pack(earlier, later)
    let place = store.objects.place(of: two, as: .packed)
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: place)))
    let base = try store.objects.open(#require(store.objects.base(of: two)))
    let footer = try #require(whole.withView { PackedFooter(file: $0) })
    var random = SystemRandomNumberGenerator()
    for round in 0..<300 {
      var bytes = whole
      for _ in 0..<8 {
        let spot = Int(footer.tableOffset) + Int.random(in: 0..<Int(footer.extentCount) * 16, using: &random)
        bytes[spot] = round % 2 == 0 ? .random(in: 0 ... .max, using: &random) : 0xFF
      }
      let path = try folder.write("packed", bytes)
      let object = try PackedObject(try MappedFile(path: path)) { (_) throws(StoreError) in base }
      var out = [UInt8](repeating: 0, count: 70_000)
      for offset in [0, 1_000_000, UInt64(later.bytes.count) - 1] {
        let read = out.withUnsafeMutableBytes { object.read(at: offset, into: $0) }
        #expect(read <= out.count)
      }
      #expect(!object.isTableWhole || bytes == whole)
    }
  }

  @Test func unpackedFilesGoAndComeAgain() throws {
    let (_, two, _) = try pack(earlier, later)
    let path = store.objects.path(of: two)
    #expect(path.hasPrefix(store.directory + "/cache/"))
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == later.bytes)
    let open = try store.objects.open(two)
    store.objects.emptyCache()
    #expect(access(path, F_OK) != 0)
    #expect(open.withView { $0.array } == later.bytes)
    #expect(try store.objects.open(two).byteCount == UInt64(later.bytes.count))
  }

  @Test func anUnpackedFileThatWasTouchedIsMadeAgain() throws {
    let (_, two, _) = try pack(earlier, later)
    let path = store.objects.path(of: two)
    chmod(path, 0o644)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.write(contentsOf: Data([1, 2, 3, 4, 5]))
    try handle.close()
    #expect(try store.objects.open(two).withView { $0.array } == later.bytes)
  }

  /// Reading it unpacks it and marks the use; neither may look like a change of its bytes, or each look hashes all of it.
  @Test func aPackedObjectStaysTrustedWhileItIsRead() throws {
    let (one, two, _) = try pack(earlier, later)
    store.verified.note([two])
    for _ in 0..<3 {
      _ = try store.objects.open(two)
      #expect(store.verified.isUnchanged(two))
    }
    store.objects.emptyCache()
    #expect(store.verified.isUnchanged(two))
    // Its bytes are those of its base, too.
    let base = store.objects.place(of: one, as: .plain)
    chmod(base, 0o644)
    let handle = try #require(FileHandle(forWritingAtPath: base))
    try handle.write(contentsOf: Data([1]))
    try handle.close()
    #expect(!store.verified.isUnchanged(two))
  }
}
