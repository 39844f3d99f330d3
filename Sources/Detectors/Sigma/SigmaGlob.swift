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
  private(set) var segments: [[Token]] { didSet { plain = Self.plain(segments) } }
  let isCased: Bool
  /// The segments as bytes, where all are: the common case, searched with memmem.
  private var plain: [[UInt8]]?

  /// Reads a value as it is written: `\*`, `\?` and `\\` stand for the characters themselves, any other backslash for itself.
  init(_ text: String, isCased: Bool, hasWildcards: Bool = true) {
    self.isCased = isCased
    let bytes = Array((isCased ? text : Self.folded(text)).utf8)
    var segments: [[Token]] = [[]]
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
    self.segments = segments
    plain = Self.plain(segments)
  }

  /// Literal bytes, compared as they are.
  init(bytes: [UInt8], isCased: Bool) {
    self.isCased = isCased
    segments = [bytes.map { .byte($0) }]
    plain = [bytes]
  }

  private static func plain(_ segments: [[Token]]) -> [[UInt8]]? {
    var all: [[UInt8]] = []
    for segment in segments {
      var bytes: [UInt8] = []
      for token in segment {
        guard case .byte(let byte) = token else { return nil }
        bytes.append(byte)
      }
      all.append(bytes)
    }
    return all
  }

  /// Lower case; ASCII, which nearly everything is, without a detour.
  static func folded(_ text: String) -> String {
    // Texts without capitals, as many are, need no copy.
    text.utf8.allSatisfy { $0 < 0x80 && !($0 >= 0x41 && $0 <= 0x5A) } ? text : text.lowercased()
  }

  /// `contains`, `startswith`, `endswith`: a `*` at either end.
  mutating func open(atStart: Bool, atEnd: Bool) {
    if atStart, segments.first?.isEmpty == false || segments.count == 1 { segments.insert([], at: 0) }
    if atEnd, segments.last?.isEmpty == false || segments.count == 1 { segments.append([]) }
  }

  /// `windash`: a dash, in any of its forms, that begins a word may be any of the others.
  mutating func loosenDashes() { segments = segments.map(Self.loosened) }

  private static func loosened(_ segment: [Token]) -> [Token] {
    var loose: [Token] = []
    var place = 0
    while place < segment.count {
      let length = dashLength(segment[place...])
      let isOpening = length > 0 && place + length < segment.count && isWord(segment[place + length])
      if isOpening, loose.last.map({ !isWord($0) }) ?? true {
        loose.append(.dash)
        place += length
      } else {
        loose.append(segment[place])
        place += 1
      }
    }
    return loose
  }

  /// Bytes of the dash that stands in front; 0 where there is none.
  private static func dashLength(_ tokens: ArraySlice<Token>) -> Int {
    dashes.first { tokens.starts(with: $0.map { .byte($0) }) }?.count ?? 0
  }

  /// `-`, `/`, en dash, em dash, horizontal bar.
  private static let dashes: [[UInt8]] = [
    [0x2D], [0x2F], [0xE2, 0x80, 0x93], [0xE2, 0x80, 0x94], [0xE2, 0x80, 0x95],
  ]

  /// The values that one without `*` and `?` stands for, a dash in each of its forms; nil where they are more than a few hundred.
  var spellings: [[UInt8]]? {
    var all: [[UInt8]] = [[]]
    for token in segments.count == 1 ? segments[0] : [.character] {
      switch token {
      case .byte(let byte): for index in all.indices { all[index].append(byte) }
      case .dash: all = all.flatMap { start in Self.dashes.map { start + $0 } }
      case .character: return nil
      }
      if all.count > Self.mostSpellings { return nil }
    }
    return all
  }

  private static let mostSpellings = 625

  private static func isWord(_ token: Token) -> Bool {
    guard case .byte(let byte) = token else { return false }
    return YaraToken.isWord(byte)
  }

  /// The runs of plain bytes, all of which every match holds, and whether one begins or ends every match.
  var runs: [(bytes: [UInt8], isStart: Bool, isEnd: Bool)] {
    var found: [(bytes: [UInt8], isStart: Bool, isEnd: Bool)] = []
    for (number, segment) in segments.enumerated() {
      for run in segment.split(whereSeparator: { if case .byte = $0 { false } else { true } }) {
        found.append(
          (
            run.compactMap { if case .byte(let byte) = $0 { byte } else { nil } },
            number == 0 && run.startIndex == segment.startIndex,
            number == segments.count - 1 && run.endIndex == segment.endIndex
          ))
      }
    }
    return found
  }

  /// - Parameter text: lower case unless the pattern is cased.
  func matches(_ text: ByteView) -> Bool {
    if let plain { return Self.matches(plain, text) }
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

  private static func matches(_ segments: [[UInt8]], _ text: ByteView) -> Bool {
    let last = segments.count - 1
    var place = 0
    for index in 0...max(last, 0) where index <= last {
      let length = segments[index].count
      let found = segments[index].withView { segment -> Int? in
        if index == 0 { return text.hasPrefix(segment) ? 0 : nil }
        if length == 0 { return place }
        if index == last {
          return text.count - length >= place && text.slice(text.count - length).hasPrefix(segment)
            ? text.count - length : nil
        }
        return text.firstIndex(of: segment, from: place)
      }
      guard let found else { return false }
      place = found + length
    }
    return last > 0 || place == text.count
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
