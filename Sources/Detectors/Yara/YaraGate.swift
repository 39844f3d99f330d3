import Bytes

/// Tells of an object that is not large whether any rule can hold for it at all: of most logs and texts none can, and to look for
/// literals costs a tenth of what it costs to run the rules.
struct YaraGate {
  /// Below this the rules are run sooner than literals are looked for.
  static let smallest = 32 << 10
  /// With rules that nothing excludes every look is in vain: then there are no more.
  private static let vainLooks = 16

  /// Over all entries: which of them size and first bytes leave differs from object to object.
  private var index: YaraIndex?
  private var looks = 0
  private var successes = 0

  mutating func excludesAll(
    _ prefilter: YaraPrefilter, _ view: ByteView, _ externals: YaraScanner.Externals, smallest: Int = smallest
  ) -> Bool {
    guard view.count >= smallest, prefilter.opaque.isEmpty, !prefilter.entries.isEmpty,
      looks < Self.vainLooks || successes > looks / 4
    else { return false }
    let possible = prefilter.possible(for: view, externals)
    if index == nil, !possible.isEmpty { index = YaraIndex(Array(prefilter.entries.indices), prefilter) }
    looks += 1
    if !possible.isEmpty {
      guard let index else { return false }
      let places = index.places(in: view, workers: 1)
      let left = prefilter.remaining(possible, in: view, externals) { literal in
        index.number(literal).map { places.counts[$0] > 0 } ?? true
      }
      guard left.isEmpty else { return false }
    }
    successes += 1
    return true
  }
}
