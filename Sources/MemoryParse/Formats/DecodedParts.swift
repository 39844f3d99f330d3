import Foundation
import Synchronization

/// The parts of a compressed image that were decoded last. A bounded number of them; safe to use from many threads.
final class DecodedParts: Sendable {
  /// Decoded bytes that stay while anybody holds them.
  final class Part: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    /// How many of them could be decoded; the rest is missing.
    let count: Int

    /// Large parts are mapped: an allocator keeps what it is given back, in pieces too small for the next of them.
    private let isMapped: Bool
    private static let mappedByteCount = 256 << 10

    init(capacity: Int, _ decode: (UnsafeMutableRawBufferPointer) -> Int) {
      let mapped =
        capacity < Self.mappedByteCount
        ? nil : mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      if let mapped, mapped != MAP_FAILED {
        isMapped = true
        bytes = UnsafeMutableRawBufferPointer(start: mapped, count: capacity)
      } else {
        isMapped = false
        bytes = .allocate(byteCount: max(capacity, 1), alignment: 64)
      }
      count = min(decode(bytes), capacity)
    }

    deinit {
      if isMapped { munmap(bytes.baseAddress, bytes.count) } else { bytes.deallocate() }
    }
  }

  private struct Entry {
    var key: UInt64
    var used: UInt64
    var part: Part
  }

  private struct State {
    var places: [UInt64: Int] = [:]
    var entries: [Entry] = []
    var clock: UInt64 = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: parts kept. Replacing one looks through them all, so hundreds, not thousands.
  init(capacity: Int) { self.capacity = max(capacity, 1) }

  /// The part of a key, if it is kept. Two threads that miss at once both decode it; nothing waits for a decoder.
  func find(_ key: UInt64) -> Part? {
    state.withLock { state in
      guard let place = state.places[key] else { return nil }
      state.clock += 1
      state.entries[place].used = state.clock
      return state.entries[place].part
    }
  }

  /// Keeps a part in place of the one that has not been used for longest, and hands it back.
  func add(_ key: UInt64, _ part: Part) -> Part {
    state.withLock { state in
      state.clock += 1
      let entry = Entry(key: key, used: state.clock, part: part)
      if let place = state.places[key] {
        state.entries[place] = entry
      } else if state.entries.count < capacity {
        state.places[key] = state.entries.count
        state.entries.append(entry)
      } else if let oldest = state.entries.indices.min(by: { state.entries[$0].used < state.entries[$1].used }) {
        state.places[state.entries[oldest].key] = nil
        state.places[key] = oldest
        state.entries[oldest] = entry
      }
    }
    return part
  }
}
