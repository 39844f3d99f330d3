import Synchronization

/// An image whose bytes can only be checked when they are read, because the file holds them compressed.
public protocol SelfCheckingImage: MemoryImage {
  /// What reading has shown to be damaged so far, a sentence each, in order of address. Complete after every run has
  /// been read once (a pass of the needle scanner does that).
  var damageFound: [String] { get }
}

/// Damage found while reading: each place once, however often it is read.
final class DamageLog: Sendable {
  /// A file broken in more places than this is told about in one sentence more.
  private static let limit = 1000

  private struct State {
    var sentences: [UInt64: String] = [:]
    var overflowed = false
  }
  private let state = Mutex(State())

  func note(at physical: UInt64, _ sentence: () -> String) {
    state.withLock { state in
      guard state.sentences[physical] == nil else { return }
      if state.sentences.count >= Self.limit {
        state.overflowed = true
      } else {
        state.sentences[physical] = sentence()
      }
    }
  }

  var sentences: [String] {
    state.withLock { state in
      let ordered = state.sentences.sorted { $0.key < $1.key }.map(\.value)
      return state.overflowed ? ordered + ["More than \(Self.limit) places are damaged."] : ordered
    }
  }
}
