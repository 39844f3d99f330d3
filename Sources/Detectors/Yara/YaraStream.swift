import Bytes
import CYara

extension YaraEngine {
  /// What looking at a stream came to.
  public enum StreamLook {
    /// The stream was short: all of it, valid until the next look.
    case whole(ByteView)
    /// The rules that hold, and the parts of the stream that they were run on.
    case told(YaraScanner.Result, YaraKeptBytes)
    /// Rules must be run on all of it: read it again, in one piece.
    case undecided
  }

  /// Scans what a stream gives while it passes by, where only surroundings of literals matter: then nothing need be unpacked in
  /// one piece. Most logs are such objects. The rules that hold are those of a scan of the whole.
  ///
  /// Costs its reading, and about a second for each 2 GB; memory constant.
  public func look(
    at stream: any ByteStream, _ externals: YaraScanner.Externals = .init()
  ) throws(BytesError) -> StreamLook {
    var pieces = YaraPieces(window, stream)
    guard try !pieces.read() else { return .whole(pieces.view) }
    guard let index = gate.begin(prefilter) else { return .undecided }
    var reaches = reaches(index)
    var room = [Int](repeating: Self.keptOfLiteral, count: index.count)
    let kept = YaraKeptBytes()
    let head = pieces.view.slice(0, YaraKeptBytes.block).array
    var places = LiteralPlaces(count: index.count)
    var number = 1
    while true {
      var found = LiteralPlaces(count: index.count)
      index.look(in: pieces.view, pieces.fresh, &found)
      for hit in found.hits where !kept.isFull {
        let literal = Int(hit.literal)
        guard let reach = reaches[literal] else { continue }
        let end = pieces.base + Int(hit.end)
        room[literal] -= kept.want(max(end - MaskedLiteral.maximumLength - reach, 0)..<end + reach)
        if room[literal] < 0 { reaches[literal] = nil }
      }
      kept.read(pieces.view, at: pieces.base, isLast: pieces.isLast)
      places.addCounts(of: found)
      if pieces.isLast { break }
      // Where rules must be run on everything the rest need not be looked at. To ask that of each piece would take longer.
      if number & (number - 1) == 0,
        survivors(pieces.end, false, head, externals, places, index).map({ near($0, places, index, reaches, kept) })
          == false
      {
        return .undecided
      }
      number += 1
      _ = try pieces.read()
    }
    guard let left = survivors(pieces.end, true, head, externals, places, index) else {
      gate.succeed()
      return .told(.init(), kept)
    }
    guard near(left, places, index, reaches, kept),
      // What takes too long, or does not compile apart, is for those who have the whole object.
      let found = try? subsets.scanner(for: .init(entries: left, files: []), options)?.scan(kept, externals)
    else { return .undecided }
    gate.succeed()
    return .told(renamed(found), kept)
  }

  /// Bytes kept around the places of one literal: what stands everywhere leaves room for what does not.
  private static let keptOfLiteral = 1 << 20

  /// Entries that can hold; nil where there are none.
  private func survivors(
    _ count: Int, _ isWhole: Bool, _ head: [UInt8], _ externals: YaraScanner.Externals, _ places: LiteralPlaces,
    _ index: YaraIndex
  ) -> [Int]? {
    head.withView { head in
      let subject = YaraSubject(count: count, head: head, isWhole: isWhole)
      let left = prefilter.remaining(
        prefilter.possible(for: subject, externals), in: subject, externals, index.occurring(places))
      return left.isEmpty ? nil : left
    }
  }

  /// How far around each literal bytes are kept; nil for those around which that is too far. A finding shows the line around
  /// what was found.
  private func reaches(_ index: YaraIndex) -> [Int?] {
    var reaches = [Int?](repeating: YaraDetector.shownLine, count: index.count)
    for entry in prefilter.entries {
      for string in entry.strings {
        for literal in string.literals ?? [] {
          guard let number = index.number(literal), let known = reaches[number] else { continue }
          let reach = string.reach.distance.map { $0 + YaraDetector.shownLine }
          reaches[number] = reach.flatMap { $0 <= YaraPieces.history - 2 * YaraKeptBytes.block ? max($0, known) : nil }
        }
      }
    }
    return reaches
  }

  /// Whether all that these entries depend on is kept.
  private func near(
    _ entries: [Int], _ places: LiteralPlaces, _ index: YaraIndex, _ reaches: [Int?], _ kept: YaraKeptBytes
  ) -> Bool {
    guard !kept.isFull, !places.isFull else { return false }
    return entries.allSatisfy { entry in
      let need = need(of: entry, places, index)
      return need.kind == .near && !asksForContent(entry) && need.distances.allSatisfy { reaches[$0.literal] != nil }
    }
  }
}

/// Room for the piece of a stream that is looked at.
final class YaraWindow {
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

  deinit { bytes.deallocate() }
}

/// A stream piece by piece, each with the end of the one before at its front.
struct YaraPieces {
  /// Bytes of the piece before.
  static let history = 32 << 10

  private let buffer: UnsafeMutableRawBufferPointer
  private let stream: any ByteStream
  private var filled = 0
  private var looked = 0
  /// Where the piece begins in the stream.
  private(set) var base = 0
  private(set) var isLast = false

  init(_ window: YaraWindow, _ stream: any ByteStream) {
    buffer = window.bytes
    self.stream = stream
  }

  /// Valid until the next is read.
  var view: ByteView { ByteView(UnsafeRawBufferPointer(rebasing: buffer[..<filled])) }
  var end: Int { base + filled }

  /// Where literals may begin that no piece before held whole.
  var fresh: Range<Int> { looked..<max(isLast ? filled : filled - MaskedLiteral.maximumLength, looked) }

  /// Returns whether it is the last piece. A stream of exactly one piece is told to be longer.
  mutating func read() throws(BytesError) -> Bool {
    if filled == buffer.count {
      looked = filled - MaskedLiteral.maximumLength - (filled - Self.history)
      base += filled - Self.history
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[(filled - Self.history)...]))
      filled = Self.history
    }
    while filled < buffer.count {
      let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 {
        isLast = true
        break
      }
      filled += count
    }
    return isLast
  }
}
