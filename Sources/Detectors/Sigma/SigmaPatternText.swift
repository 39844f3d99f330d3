/// What can be said of a regular expression without running it.
enum SigmaPatternText {
  /// Runs of plain characters of which every match holds one; nil where nothing can be said, and for whatever is not
  /// understood.
  static func literals(of pattern: String) -> Set<[UInt8]>? {
    var reader = Reader(text: Array(pattern.utf8))
    guard let found = reader.alternatives(0), reader.place == reader.text.count else { return nil }
    return found.known
  }

  private static let maximumDepth = 16
  /// Alternatives that are kept apart, and how long each may grow.
  private static let maximumRuns = 16
  private static let maximumLength = 64

  /// What a part of a pattern comes to.
  private struct Part {
    /// All texts that it matches, where they are few and plain.
    var exact: Set<[UInt8]>?
    /// Of these one stands in every match.
    var best: Set<[UInt8]>?

    /// The better of both; runs of no bytes say nothing.
    var known: Set<[UInt8]>? { SigmaPatternText.better(exact, best) }
  }

  private static func better(_ one: Set<[UInt8]>?, _ other: Set<[UInt8]>?) -> Set<[UInt8]>? {
    func weight(_ runs: Set<[UInt8]>?) -> Int { runs.map { $0.map(\.count).min() ?? 0 } ?? 0 }
    let best = weight(one) >= weight(other) ? one : other
    return weight(best) > 0 ? best : nil
  }

  private struct Reader {
    let text: [UInt8]
    var place = 0

    private func byte(_ ahead: Int = 0) -> UInt8 { place + ahead < text.count ? text[place + ahead] : 0 }

    /// Up to a closing parenthesis or the end; nil for what is not understood.
    mutating func alternatives(_ depth: Int) -> Part? {
      guard depth < maximumDepth, var all = sequence(depth) else { return nil }
      while place < text.count, byte() == 0x7C {
        place += 1
        guard let next = sequence(depth) else { return nil }
        let best = all.known.flatMap { known in next.known.map { known.union($0) } }
        let exact = all.exact.flatMap { known in next.exact.map { known.union($0) } }
        all = Part(exact: exact.flatMap { $0.count <= maximumRuns ? $0 : nil }, best: best)
      }
      return all
    }

    private mutating func sequence(_ depth: Int) -> Part? {
      // The texts that the run so far can be, and those before its last atom, which may turn out to be missing.
      var run: Set<[UInt8]> = [[]]
      var before = run
      var best: Set<[UInt8]>?
      var isExact = true
      func end() {
        best = better(best, run)
        run = [[]]
        before = run
        isExact = false
      }
      func add(_ next: Set<[UInt8]>) {
        let joined = Set(run.flatMap { start in next.map { start + $0 } })
        if joined.count > maximumRuns || joined.contains(where: { $0.count > maximumLength }) {
          end()
          if next.count <= maximumRuns { run = next }
        } else {
          before = run
          run = joined
        }
      }
      while place < text.count {
        let next = byte()
        switch next {
        case 0x7C, 0x29: return Part(exact: isExact ? run : nil, best: better(best, run))
        case 0x28:
          guard let group = group(depth) else { return nil }
          if let exact = group.exact {
            add(exact)
          } else {
            let isOptional = byte() == 0x3F || byte() == 0x2A || byte() == 0x7B
            end()
            if !isOptional { best = better(best, group.best) }
          }
        case 0x5B:
          guard skipClass() else { return nil }
          end()
        case 0x3F, 0x2A, 0x7B:
          // What stands before may be missing.
          run = before
          end()
          place += 1
          if next == 0x7B {
            while (0x30...0x39).contains(byte()) || byte() == 0x2C { place += 1 }
            // A brace that counts nothing is a plain character.
            guard byte() == 0x7D else { return nil }
            place += 1
          }
        case 0x2B, 0x2E, 0x5E, 0x24:
          end()
          place += 1
        case 0x5C:
          guard place + 1 < text.count else { return nil }
          let escaped = byte(1)
          if YaraToken.isWord(escaped) {
            // A class, a border, a code or a reference. Codes have digits behind them, quotations none that end.
            if "xucpPQEkgN0".utf8.contains(escaped) || (0x30...0x39).contains(escaped) { return nil }
            end()
          } else {
            add([[escaped]])
          }
          place += 2
        default:
          add([[next]])
          place += 1
        }
      }
      return Part(exact: isExact ? run : nil, best: better(best, run))
    }

    private mutating func group(_ depth: Int) -> Part? {
      place += 1
      if byte() == 0x3F {
        var end = place + 1
        while end < text.count, (0x61...0x7A).contains(text[end]), text[end] != 0x78 { end += 1 }
        guard end < text.count else { return nil }
        if text[end] == 0x29 {
          // `(?i)`; `x`, which makes blanks mean nothing, is not understood.
          place = end + 1
          return Part(exact: [[]], best: nil)
        }
        // Looking around says nothing about the match itself, names are not worth it.
        guard text[end] == 0x3A else { return nil }
        place = end + 1
      }
      guard let inner = alternatives(depth + 1), place < text.count, byte() == 0x29 else { return nil }
      place += 1
      return inner
    }

    /// Behind the bracket that closes the class at this place.
    private mutating func skipClass() -> Bool {
      place += 1
      if byte() == 0x5E { place += 1 }
      if byte() == 0x5D { place += 1 }
      while place < text.count, byte() != 0x5D {
        if byte() == 0x5C {
          place += 1
        } else if byte() == 0x5B, byte(1) == 0x3A {
          // `[:alpha:]`
          guard let colon = text[min(place + 2, text.count)...].firstIndex(of: 0x3A) else { return false }
          place = colon + 1
        }
        place += 1
      }
      place += 1
      return place <= text.count
    }
  }
}
