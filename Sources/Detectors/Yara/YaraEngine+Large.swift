import Bytes

/// What of the rules is run on a large object, and where.
extension YaraEngine {
  /// What to run and where.
  struct Plan {
    var part: YaraSubsets.Part
    var windows: YaraWindows
  }

  func run(
    _ plans: [Plan], _ view: ByteView, _ externals: YaraScanner.Externals
  ) throws(YaraError) -> YaraScanner.Result {
    var options = options
    // Of a worker's time some must be left for finding the rules that are slow.
    if options.timeout > 0 { options.timeout = min(options.timeout, 60 + view.count >> 20) }
    let ready = Parallel.map(plans, workers: workers) { [subsets, options] plan in
      Result { () throws(YaraError) -> YaraScanner.Result? in
        try subsets.scanner(for: plan.part, options)?.scan(view, windows: plan.windows, externals)
      }
    }
    var result = YaraScanner.Result()
    let deadline = deadline(for: view.count)
    for (plan, outcome) in zip(plans, ready) {
      switch outcome {
      case .success(let found?): result.add(found)
      // What does not compile apart is run with everything.
      case .success(nil): return try scanner().scan(view, externals)
      case .failure(let error):
        guard error.code == .timeout else { throw error }
        result.add(
          try scanInParts(plan.part, budget: options.timeout, until: deadline) { scanner throws(YaraError) in
            try scanner.scan(view, externals)
          })
      }
    }
    return renamed(result)
  }

  /// Entries of the prefilter that must be run; nil where the filter cannot tell.
  func survivors(_ view: ByteView, _ externals: YaraScanner.Externals) -> [Int]? {
    find(view, externals)?.entries
  }

  private func find(
    _ view: ByteView, _ externals: YaraScanner.Externals
  ) -> (entries: [Int], places: LiteralPlaces, index: YaraIndex)? {
    let subject = YaraSubject(view)
    let possible = prefilter.possible(for: subject, externals)
    if index?.possible != possible { index = YaraIndex(possible, prefilter) }
    guard let index else { return nil }
    let places = index.places(in: view, workers: workers)
    let entries = prefilter.remaining(possible, in: subject, externals) { literal in
      index.number(literal).map { places.counts[$0] > 0 } ?? true
    }
    return (entries, places, index)
  }

  /// nil where nothing can be told beforehand.
  func plans(_ view: ByteView, _ externals: YaraScanner.Externals) -> [Plan]? {
    guard let (entries, places, index) = find(view, externals) else { return nil }
    var near: [Int] = []
    var filled: [Int] = []
    var whole: [Int] = []
    // By literal, how much around it must be looked at.
    var reaches = [Int](repeating: 0, count: index.count)
    var widest = 0
    for entry in entries {
      let need = need(of: entry, places, index)
      switch need.kind {
      case .near:
        near.append(entry)
        for (literal, distance) in need.distances { reaches[literal] = max(reaches[literal], distance) }
      case .filled:
        filled.append(entry)
        widest = max(widest, need.widest)
      case .whole: whole.append(entry)
      }
    }
    var plans: [Plan] = []
    if !whole.isEmpty || !prefilter.opaque.isEmpty {
      let part = YaraSubsets.Part(entries: whole, files: prefilter.opaque)
      plans.append(Plan(part: part, windows: YaraWindows(whole: view.count)))
    }
    if !filled.isEmpty {
      let ranges = places.filled.map { $0.lowerBound - widest..<$0.upperBound + widest }
      plans.append(
        Plan(part: .init(entries: filled, files: []), windows: YaraWindows(ranges, in: view.count)))
    }
    if !near.isEmpty {
      let ranges = places.hits.lazy.compactMap { hit -> Range<Int>? in
        let distance = reaches[Int(hit.literal)]
        guard distance > 0, let end = Int(exactly: hit.end) else { return nil }
        return end - MaskedLiteral.maximumLength - distance..<end + distance
      }
      plans.append(
        Plan(part: .init(entries: near, files: []), windows: YaraWindows(Array(ranges), in: view.count)))
    }
    return plans
  }

  struct Need {
    enum Kind { case near, filled, whole }
    var kind = Kind.near
    var distances: [(literal: Int, distance: Int)] = []
    var widest = 0
  }

  /// Where an entry, and the rules that come along with it, must be looked for.
  func need(of entry: Int, _ places: LiteralPlaces, _ index: YaraIndex) -> Need {
    var need = Need()
    for member in prefilter.family(entry) {
      let rule = prefilter.entries[member]
      if rule.needsWholeObject { need.kind = .whole }
      for string in rule.strings {
        let reach = string.reach
        guard need.kind != .whole, let distance = reach.distance else {
          need.kind = .whole
          return need
        }
        need.widest = max(need.widest, distance)
        let numbers = string.literals?.map { index.number($0) } ?? [nil]
        if numbers.contains(where: { $0.map { places.isEverywhere($0) } ?? true }) {
          need.kind = reach.hasFilledByte ? .filled : .whole
        }
        for number in numbers { if let number { need.distances.append((number, distance)) } }
      }
    }
    return need
  }

  /// Whether an entry, or a rule that comes along with it, asks for bytes of the object other than by its strings.
  func asksForContent(_ entry: Int) -> Bool {
    prefilter.family(entry).contains { member in
      let entry = prefilter.entries[member]
      let source = sources[entry.source]
      guard source.rules.indices.contains(entry.rule) else { return true }
      let words = source.rules[entry.rule].references
      return !words.isDisjoint(with: source.imports) || words.contains { $0.hasPrefix("int") || $0.hasPrefix("uint") }
    }
  }
}
