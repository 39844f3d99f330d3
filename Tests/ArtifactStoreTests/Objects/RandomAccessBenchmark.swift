import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Pages at random places of a packed image, by each door, against a plain object. Measures only when asked, with two LiME dumps.
///
/// `IR_BENCHMARK_DUMPS=FIRST:SECOND swift test -c release --filter RandomAccessBenchmark`
struct RandomAccessBenchmark {
  private static let dumps = (ProcessInfo.processInfo.environment["IR_BENCHMARK_DUMPS"] ?? "").split(separator: ":")
    .map(String.init)

  /// Ranges by their headers of 32 bytes.
  private func runs(_ file: MappedFile) -> [PageRun]? {
    var runs: [PageRun] = []
    var place: UInt64 = 0
    while let header = Optional(file.view(at: place, count: 32)), let first = header.u64(8), let last = header.u64(16),
      first <= last, last < 1 << 52
    {
      runs.append(PageRun(offset: place + 32, address: first, byteCount: last - first + 1))
      place += 32 + last - first + 1
    }
    return runs
  }

  @Test(.enabled(if: dumps.count == 2, "measures only when IR_BENCHMARK_DUMPS names two dumps"))
  func pagesAtRandomPlaces() throws {
    let folder = try TemporaryFolder()
    let store = try ArtifactStore(directory: folder.path + "/store")
    var digests: [Digest] = []
    for path in Self.dumps { digests.append(try store.objects.put(FileStream(path: path)).digest) }
    _ = try store.objects.pack(digests[0], layout: runs)
    let plain = try store.objects.open(digests[1])
    let begin = Date()
    let outcome = try store.objects.pack(digests[1], layout: runs)
    print("packing: \(outcome), \(Date().timeIntervalSince(begin)) s")
    #expect(store.objects.form(of: digests[1]) == .packed)
    let packed = try store.objects.reader(digests[1])
    let unpacking = Date()
    let unpacked = try store.objects.open(digests[1])
    print("unpacking \(plain.byteCount) bytes: \(Date().timeIntervalSince(unpacking)) s")
    for round in 1...3 {
      var sums: Set<UInt64> = []
      for (name, source) in [("plain", plain), ("packed", packed), ("unpacked", unpacked)]
        as [(String, any RandomAccess)]
      {
        var state: UInt64 = 88_172_645_463_325_252
        var sum: UInt64 = 0
        let count = 200_000
        let pages = plain.byteCount / 4096
        let begin = Date()
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 64) { buffer in
          for _ in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let read = source.read(at: state % pages * 4096 + 32, into: buffer)
            sum = sum &* 31 &+ UInt64(read) &+ UInt64(buffer[Int(state % 4096) % max(read, 1)])
          }
        }
        print("round \(round): \(name) \(Date().timeIntervalSince(begin) / Double(count) * 1e9) ns a page")
        sums.insert(sum)
      }
      #expect(sums.count == 1)
    }
  }
}
