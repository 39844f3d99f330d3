import Bytes
import Evidence

/// A command that somebody typed, as a shell keeps it in its heap.
struct TypedCommand {
  var text: String
  /// Seconds since 1970, as the shell noted when the line was entered.
  var time: Timestamp?
  /// In the shell's list of history; else only left in memory (cleared, or never part of it).
  var isLinked: Bool
  /// Of the text.
  var virtual: UInt64
}

/// Finds readline's history (`HIST_ENTRY { char *line; char *timestamp; void *data; }`) in a heap, without any symbol of the
/// program: so in a renamed shell too, and with HISTFILE unset.
///
/// Timestamps are texts of `#` and digits. A word that points to one is an entry's second; the longest run of words that all
/// point to entries is the list, in the order of typing, which times of one second's precision cannot tell.
struct ShellHistory {
  /// Heaps beyond this are not a shell's.
  static let heapLimit: UInt64 = 64 << 20
  private static let commandLimit = 1 << 16
  /// Of all commands together: many entries may point to one long text.
  private static let textLimit = 16 << 20
  /// Tags that hardware ignores in the top byte must not disturb a comparison of pointers.
  private static let tagMask: UInt64 = 1 << 56 - 1

  private struct Entry {
    var line: UInt64
    var stamp: Int64?
  }

  /// - Parameters:
  ///   - heap: its bytes; zeros where they are missing.
  ///   - start: virtual address of the first.
  ///   - shortStamps: the machine's clock was never set, so times have few digits.
  static func commands(in heap: ByteView, at start: UInt64, shortStamps: Bool) -> [TypedCommand] {
    let stamps = stamps(heap, start, digits: shortStamps ? 1...11 : 9...11)
    if stamps.isEmpty { return [] }
    let end = start &+ UInt64(heap.count)
    var entries: [UInt64: Entry] = [:]
    for place in stride(from: 8, through: max(heap.count - 8, 8), by: 8) {
      guard let word = heap.u64(place).map({ $0 & tagMask }), word >= start, word < end, let stamp = stamps[word],
        let line = heap.u64(place - 8).map({ $0 & tagMask }), line >= start, line < end
      else { continue }
      entries[start &+ UInt64(place - 8)] = Entry(line: line, stamp: stamp)
      if entries.count > 1 << 20 { break }
    }
    if entries.isEmpty { return [] }
    let list = longestRun(heap, entries)
    let linked = Set(list)
    let others = entries.keys.filter { !linked.contains($0) }.sorted()
    var commands: [TypedCommand] = []
    var room = textLimit
    for (address, isLinked) in list.map({ ($0, true) }) + others.map({ ($0, false) }) where room > 0 {
      guard let entry = entries[address] else { continue }
      let place = Int(entry.line &- start)
      let text = heap.slice(place, place + commandLimit)
      let line = text.slice(0, text.firstIndex(of: 0) ?? text.count)
      room -= line.count + 1
      commands.append(
        TypedCommand(
          text: line.string, time: entry.stamp.flatMap { Timestamp(seconds: $0, precision: .second) },
          isLinked: isLinked, virtual: entry.line))
    }
    return commands
  }

  /// Texts of `#` and digits, by their address.
  private static func stamps(_ heap: ByteView, _ start: UInt64, digits: ClosedRange<Int>) -> [UInt64: Int64] {
    var stamps: [UInt64: Int64] = [:]
    var place = 0
    while let hash = heap.firstIndex(of: 0x23, from: place) {
      place = hash + 1
      var end = place
      while end - place < 12, (0x30...0x39).contains(heap[end]) { end += 1 }
      if digits.contains(end - place), heap[end] == 0, end < heap.count, let number = heap.slice(place, end).integer {
        stamps[start &+ UInt64(hash)] = number
      }
    }
    return stamps
  }

  private static func longestRun(_ heap: ByteView, _ entries: [UInt64: Entry]) -> [UInt64] {
    var best: [UInt64] = []
    var run: [UInt64] = []
    let low = entries.keys.min() ?? 0
    let high = entries.keys.max() ?? 0
    for place in stride(from: 0, to: heap.count & ~7, by: 8) {
      let word = (heap.u64(place) ?? 0) & tagMask
      if word >= low, word <= high, entries[word] != nil {
        run.append(word)
      } else if !run.isEmpty {
        if run.count > best.count { best = run }
        run = []
      }
    }
    return run.count > best.count ? run : best
  }
}
