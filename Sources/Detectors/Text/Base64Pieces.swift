import Bytes

/// Base64 that is written in pieces: lines of any length, adjacent quotes, one `echo` after the other.
enum Base64Pieces {
  struct Joined {
    var digits: [UInt8]
    /// From the first piece to the last.
    var range: Range<Int>
  }

  /// Shorter runs are words.
  private static let minimumPiece = 8
  private static let minimum = 24
  private static let maximum = 8
  /// Words that stand between two pieces.
  private static let between = NameTable(["echo", "printf", "-n", "-e", "-ne", "-en", "+"])

  /// What the pieces of a text come to where there are at least two side by side. Linear: each byte belongs to one run or gap.
  static func joined(in text: ByteView) -> [Joined] {
    let between = between
    var row = Row(text)
    var gap = Gap()
    var digits = BytePlaces(of: Base64.digits, in: text)
    var place = 0
    while place < text.count, row.found.count < maximum {
      var start = digits.next(from: place)
      gap.add(text.slice(place, start))
      place = start
      guard place < text.count else { break }
      place = digits.end(from: place)
      // `\n` as it is written in a string.
      if text[start - 1] == 0x5C, isAny(text[start], of: "nrt") {
        start += 1
        gap.hasBorder = true
      }
      let run = text.slice(start, place)
      if between.contains(run) || run.isEmpty { continue }
      let isPadded = text[place] == 0x3D
      // What is left of a group of four may be short.
      let fits = run.count >= minimumPiece || !row.isEmpty && (isPadded || row.length & 3 != 0)
      if !row.isEmpty, !gap.joins || !fits { row.end() }
      if fits { row.add(start..<place) }
      gap = Gap()
      if isPadded, !row.isEmpty { row.end() }
    }
    if !row.isEmpty { row.end() }
    return row.found
  }

  /// Pieces side by side, and what came of those before.
  private struct Row {
    private let text: ByteView
    private var pieces: [Range<Int>] = []
    /// Of all pieces.
    private(set) var length = 0
    private(set) var found: [Joined] = []

    init(_ text: ByteView) { self.text = text }

    var isEmpty: Bool { pieces.isEmpty }

    mutating func add(_ piece: Range<Int>) {
      pieces.append(piece)
      length += piece.count
    }

    mutating func end() {
      defer { length = 0 }
      // Most words stand alone.
      guard pieces.count > 1, let first = pieces.first, let last = pieces.last else {
        _ = pieces.popLast()
        return
      }
      defer { pieces.removeAll(keepingCapacity: true) }
      guard length >= minimum else { return }
      var digits: [UInt8] = []
      digits.reserveCapacity(length)
      for piece in pieces { digits.append(contentsOf: text.slice(piece.lowerBound, piece.upperBound).unsafeBytes) }
      found.append(Joined(digits: digits, range: first.lowerBound..<last.upperBound))
      // A word behind the last piece, such as the one that ends a document, may be of the alphabet too.
      if pieces.count > 2 {
        found.append(
          Joined(digits: digits.dropLast(last.count), range: first.lowerBound..<pieces[pieces.count - 2].upperBound))
      }
    }
  }

  /// What stands between two runs: blanks, quotes and the like, with at least one that parts words.
  private struct Gap {
    var hasBorder = false
    private var isOther = false
    private var count = 0

    private static let maximum = 24

    var joins: Bool { hasBorder && !isOther && count <= Self.maximum }

    mutating func add(_ text: ByteView) {
      count += text.count
      // More than that joins nothing, whatever it is.
      for place in 0..<min(text.count, Self.maximum + 1) {
        switch text[place] {
        case 0x0A, 0x22, 0x27, 0x3B, 0x5C, 0x26: hasBorder = true
        case 0x20, 0x09, 0x0D, 0x2E: break
        default: isOther = true
        }
      }
    }
  }
}
