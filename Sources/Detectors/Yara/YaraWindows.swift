import Bytes
import CYara

/// The parts of an object in which a string can be found.
struct YaraWindows {
  private(set) var ranges: [Range<Int>] = []

  /// The object in one piece.
  init(whole count: Int) { ranges = [0..<count] }

  /// - Parameter ranges: in any order, overlapping or not; joined where they touch.
  init(_ ranges: [Range<Int>], in count: Int) {
    let inside = ranges.lazy.map { $0.clamped(to: 0..<count) }.filter { !$0.isEmpty }
    for range in inside.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = self.ranges.last, range.lowerBound <= last.upperBound {
        self.ranges[self.ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        self.ranges.append(range)
      }
    }
  }
}

extension YaraScanner {
  /// Scans windows of an object for strings and then judges the conditions by the whole object.
  ///
  /// While libyara looks for strings it is given the windows; while it evaluates conditions, one block that is the object:
  /// `filesize`, integers read at offsets, hashes and modules (`pe`, `elf`, `math`) see what a scan of the whole sees, and
  /// offsets and counts of strings are the same as long as no window cuts what a string's match depends on. Only
  /// `entrypoint`, which libyara looks up in the first window, is not: rules with it must be given the whole object.
  func scan(
    _ view: ByteView, windows: YaraWindows, _ externals: Externals = Externals()
  ) throws(YaraError) -> Result {
    if view.count == 0 { return try scan(view, externals) }
    // Without any block libyara evaluates no condition. In a single byte no string with a literal stands.
    let ranges = windows.ranges.isEmpty ? [0..<min(1, view.count)] : windows.ranges
    let walk = WindowWalk(
      windows: ranges.map { (UInt64($0.lowerBound), view.slice($0.lowerBound, $0.upperBound)) }, whole: (0, view),
      count: view.count)
    return try scan(walk, externals)
  }

  /// Scans what is kept of an object; its conditions must not ask for any byte but by strings.
  func scan(_ kept: YaraKeptBytes, _ externals: Externals) throws(YaraError) -> Result {
    let runs = kept.runs
    // Views of arrays are valid for as long as each is asked for its own: one run of memory holds them all.
    var joined: [UInt8] = []
    for run in runs { joined += run.bytes }
    if joined.isEmpty { joined = [0] }
    let outcome = joined.withView { all in
      var windows: [WindowWalk.Part] = []
      var place = 0
      for run in runs {
        windows.append((UInt64(run.start), all.slice(place, place + run.bytes.count)))
        place += run.bytes.count
      }
      let whole = windows.first ?? (0, all)
      let walk = WindowWalk(windows: windows.isEmpty ? [whole] : windows, whole: whole, count: kept.count)
      return Swift.Result { () throws(YaraError) in try scan(walk, externals) }
    }
    return try outcome.get()
  }

  private func scan(_ walk: WindowWalk, _ externals: Externals) throws(YaraError) -> Result {
    try run(externals, flags: 0) { handle in
      withExtendedLifetime(walk) {
        var iterator = YR_MEMORY_BLOCK_ITERATOR()
        iterator.context = Unmanaged.passUnretained(walk).toOpaque()
        iterator.first = { iterator in WindowWalk.walk(iterator)?.first(iterator) }
        iterator.next = { iterator in WindowWalk.walk(iterator)?.next(iterator) }
        iterator.file_size = { iterator in UInt64(WindowWalk.walk(iterator)?.count ?? 0) }
        iterator.last_error = ERROR_SUCCESS
        return yr_scanner_scan_mem_blocks(handle, &iterator)
      }
    }
  }
}

/// The state of one walk, as libyara's iterator wants it: the windows once, and from then on the whole.
private final class WindowWalk {
  typealias Part = (start: UInt64, bytes: ByteView)

  /// Bytes of the object.
  let count: Int
  private let windows: [Part]
  private let whole: Part
  private var place = 0
  private var isSearched = false
  private let block = UnsafeMutablePointer<YR_MEMORY_BLOCK>.allocate(capacity: 1)

  /// - Parameters:
  ///   - windows: at least one, valid for as long as the walk is used.
  ///   - whole: what conditions are judged by.
  init(windows: [Part], whole: Part, count: Int) {
    self.windows = windows
    self.whole = whole
    self.count = count
    block.initialize(to: YR_MEMORY_BLOCK())
  }

  deinit { block.deallocate() }

  static func walk(_ iterator: UnsafeMutablePointer<YR_MEMORY_BLOCK_ITERATOR>?) -> WindowWalk? {
    guard let iterator, let context = iterator.pointee.context else { return nil }
    return Unmanaged<WindowWalk>.fromOpaque(context).takeUnretainedValue()
  }

  func first(_ iterator: UnsafeMutablePointer<YR_MEMORY_BLOCK_ITERATOR>?) -> UnsafeMutablePointer<YR_MEMORY_BLOCK>? {
    iterator?.pointee.last_error = ERROR_SUCCESS
    return isSearched ? offer(whole) : next(iterator)
  }

  func next(_ iterator: UnsafeMutablePointer<YR_MEMORY_BLOCK_ITERATOR>?) -> UnsafeMutablePointer<YR_MEMORY_BLOCK>? {
    iterator?.pointee.last_error = ERROR_SUCCESS
    guard !isSearched, place < windows.count else {
      isSearched = true
      return nil
    }
    place += 1
    return offer(windows[place - 1])
  }

  private func offer(_ part: Part) -> UnsafeMutablePointer<YR_MEMORY_BLOCK> {
    block.pointee.size = part.bytes.count
    block.pointee.base = part.start
    block.pointee.context = part.bytes.unsafeBytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
    block.pointee.fetch_data = { block in
      block?.pointee.context.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
    }
    return block
  }
}
