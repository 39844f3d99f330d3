import Bytes

/// Looks for byte strings in a part of an image, since most of what is searched for lies in the kernel image.
struct NeedleSearch {
  let image: any MemoryImage

  /// Calls the body for each hit until it returns false.
  ///
  /// - Parameter range: physical addresses to stay in.
  func forEach(
    _ needles: [[UInt8]], in range: Range<UInt64> = 0..<UInt64.max,
    _ body: (_ needle: Int, _ physical: UInt64) -> Bool
  ) {
    NeedleScanner.scan(ImagePart(image, range), needles: needles, hit: body)
  }
}

/// A range of an image as an image.
private struct ImagePart: MemoryImage {
  private let whole: any MemoryImage
  let runs: [PhysicalRun]

  init(_ whole: any MemoryImage, _ range: Range<UInt64>) {
    self.whole = whole
    runs = whole.runs.compactMap { run in
      let start = max(run.start, range.lowerBound)
      let end = min(run.end, range.upperBound)
      guard start < end else { return nil }
      return PhysicalRun(start: start, end: end, fileOffset: run.fileOffset.map { $0 &+ (start - run.start) })
    }
  }

  var format: String { whole.format }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    whole.read(physical: physical, into: buffer)
  }

  func view(physical: UInt64, count: Int) -> ByteView? { whole.view(physical: physical, count: count) }
}
