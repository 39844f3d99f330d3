import Bytes

/// A text value of a rule: bytes, `*` for any run and `?` for one character.
///
/// Matching is by the leftmost fit of each segment, so it costs at most length of text times length of pattern.
struct SigmaGlob: Hashable, Sendable {
  enum Token: Hashable, Sendable {
    case byte(UInt8)
    /// One character: a byte and the UTF-8 continuation bytes after it.
    case character
    /// A dash in any of the forms that Windows programs take: `-`, `/`, en dash, em dash, horizontal bar.
    case dash
  }

  /// The runs between `*`. Two or more where there is a `*`.
  private(set) var segments: [[Token]]
  let isCased: Bool

  /// Reads a value as it is written: `\*`, `\?` and `\\` stand for the characters themselves, any other backslash for itself.
  init(_ text: String, isCased: Bool, hasWildcards: Bool = true) {
    self.isCased = isCased
    let bytes = Array((isCased ? text : Self.folded(text)).utf8)
    segments = [[]]
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      let next = place + 1 < bytes.count ? bytes[place + 1] : 0
      if hasWildcards, byte == 0x5C, next == 0x2A || next == 0x3F || next == 0x5C {
        segments[segments.count - 1].append(.byte(next))
        place += 2
        continue
      }
      if hasWildcards, byte == 0x2A {
        // Several stars in a row mean the same as one.
        if segments.count == 1 || segments.last?.isEmpty == false { segments.append([]) }
      } else if hasWildcards, byte == 0x3F {
        segments[segments.count - 1].append(.character)
      } else {
        segments[segments.count - 1].append(.byte(byte))
      }
      place += 1
    }
  }

  /// Literal bytes, compared as they are.
  init(bytes: [UInt8], isCased: Bool) {
    self.isCased = isCased
    segments = [bytes.map { .byte($0) }]
  }

  /// Lower case; ASCII, which nearly everything is, without a detour.
  static func folded(_ text: String) -> String { text.lowercased() }

  /// `contains`, `startswith`, `endswith`: a `*` at either end.
  mutating func open(atStart: Bool, atEnd: Bool) {
    if atStart, segments.first?.isEmpty == false || segments.count == 1 { segments.insert([], at: 0) }
    if atEnd, segments.last?.isEmpty == false || segments.count == 1 { segments.append([]) }
  }

  /// `windash`: a dash or slash that begins a word may be any of the dashes.
  mutating func loosenDashes() {
    for index in segments.indices {
      for place in segments[index].indices {
        guard case .byte(let byte) = segments[index][place], byte == 0x2D || byte == 0x2F else { continue }
        let before = place > 0 ? segments[index][place - 1] : .byte(0x20)
        guard place + 1 < segments[index].count, Self.isWord(segments[index][place + 1]), !Self.isWord(before) else {
          continue
        }
        segments[index][place] = .dash
      }
    }
  }

  private static func isWord(_ token: Token) -> Bool {
    guard case .byte(let byte) = token else { return false }
    return YaraToken.isWord(byte)
  }

  /// The value's bytes where it has no wildcard.
  var literal: [UInt8]? {
    guard segments.count == 1 else { return nil }
    var bytes: [UInt8] = []
    for token in segments[0] {
      guard case .byte(let byte) = token else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// The longest run of plain bytes: what every match holds.
  var longestRun: [UInt8] {
    var best: [UInt8] = []
    for segment in segments {
      for run in segment.split(whereSeparator: { if case .byte = $0 { false } else { true } })
      where run.count > best.count {
        best = run.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
      }
    }
    return best
  }

  /// - Parameter text: lower case unless the pattern is cased.
  func matches(_ text: ByteView) -> Bool {
    guard let first = segments.first, let last = segments.last else { return false }
    guard segments.count > 1 else { return fit(first, text, 0) == text.count }
    guard var place = fit(first, text, 0) else { return false }
    for segment in segments.dropFirst().dropLast() {
      guard let end = find(segment, text, from: place) else { return false }
      place = end
    }
    if last.isEmpty { return true }
    // The last segment ends the text; its length in bytes is not fixed where it has other tokens than bytes.
    var start = max(place, text.count - last.count * 4)
    while start <= text.count {
      if fit(last, text, start) == text.count { return true }
      start += 1
    }
    return false
  }

  /// Where the segment ends when it begins at `start`; nil where it does not fit.
  private func fit(_ segment: [Token], _ text: ByteView, _ start: Int) -> Int? {
    var place = start
    for token in segment {
      guard place < text.count else { return nil }
      switch token {
      case .byte(let byte):
        guard text[place] == byte else { return nil }
        place += 1
      case .character:
        place += 1
        while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
      case .dash:
        if text[place] == 0x2D || text[place] == 0x2F {
          place += 1
        } else if text[place] == 0xE2, text[place + 1] == 0x80, (0x93...0x95).contains(text[place + 2]) {
          place += 3
        } else {
          return nil
        }
      }
    }
    return place
  }

  private func find(_ segment: [Token], _ text: ByteView, from start: Int) -> Int? {
    guard case .byte(let first)? = segment.first else {
      var place = start
      while place <= text.count {
        if let end = fit(segment, text, place) { return end }
        place += 1
      }
      return nil
    }
    var place = start
    while let next = text.firstIndex(of: first, from: place) {
      if let end = fit(segment, text, next) { return end }
      place = next + 1
    }
    return nil
  }
}
