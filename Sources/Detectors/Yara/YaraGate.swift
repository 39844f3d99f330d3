import Bytes

/// Tells of an object whether any rule can hold for it at all: of most logs and texts none can, and to look for literals costs a
/// tenth of what it costs to run the rules.
struct YaraGate {
  /// Below this the rules are run sooner than literals are looked for.
  static let smallest = 32 << 10
  /// With rules that nothing excludes every look is in vain: then there are no more.
  private static let vainLooks = 16

  /// Over all entries: which of them size and first bytes leave differs from object to object.
  private var index: YaraIndex?
  private var looks = 0
  private var successes = 0

  /// Begins a look; nil where it is not worth while.
  mutating func begin(_ prefilter: YaraPrefilter) -> YaraIndex? {
    guard prefilter.opaque.isEmpty, !prefilter.entries.isEmpty, looks < Self.vainLooks || successes > looks / 4 else {
      return nil
    }
    if index == nil { index = YaraIndex(Array(prefilter.entries.indices), prefilter) }
    if index != nil { looks += 1 }
    return index
  }

  /// The look that was begun last has spared running the rules.
  mutating func succeed() { successes += 1 }

  mutating func excludesAll(
    _ prefilter: YaraPrefilter, _ view: ByteView, _ externals: YaraScanner.Externals, smallest: Int = smallest
  ) -> Bool {
    guard view.count >= smallest, let index = begin(prefilter) else { return false }
    let subject = YaraSubject(view)
    let possible = prefilter.possible(for: subject, externals)
    if !possible.isEmpty {
      let places = index.places(in: view, workers: 1)
      guard prefilter.remaining(possible, in: subject, externals, index.occurring(places)).isEmpty else { return false }
    }
    succeed()
    return true
  }
}

extension YaraIndex {
  /// Whether a literal, by its number in the prefilter, may stand in the object.
  func occurring(_ places: LiteralPlaces) -> (Int) -> Bool {
    { literal in self.number(literal).map { places.counts[$0] > 0 } ?? true }
  }
}
