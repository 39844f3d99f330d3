import Bytes

/// Takes out of a text what only repeats what stands before it: padding, and floods of one word.
///
/// Whole periods are taken from the middle of a stretch that repeats, so whatever stands together in the shorter text
/// stands together in the longer one and the other way round. What a reader of the text looks at is then what it says, not how often.
enum Repeats {
  /// Shorter texts cost little as they are.
  private static let minimum = 4 << 10
  /// Of a stretch that repeats so much stays at either end.
  private static let kept = 1 << 10
  private static let maximumPeriod = 256
  /// Periods go in groups of so many, which leaves digits of Base64 and Base32 in their groups and quotes in pairs.
  private static let group = 8
  /// How far apart a repetition is looked for, and by how many bytes it is told.
  private static let stride = 256
  private static let probe = 16

  /// The shorter text; nil where nothing repeats for long.
  static func removed(from text: ByteView) -> [UInt8]? {
    guard text.count >= minimum else { return nil }
    var out: [UInt8] = []
    var copied = 0
    var place = 0
    while place + kept * 2 < text.count {
      guard let (period, end) = stretch(text, place) else {
        place += stride
        continue
      }
      let surplus = (end - place - kept * 2) / (period * group) * (period * group)
      if surplus > 0 {
        out.append(contentsOf: text.slice(copied, place + kept).unsafeBytes)
        copied = place + kept + surplus
      }
      place = max(end - period, place + stride)
    }
    guard copied > 0 else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  /// The period at which the text repeats from a place on, and where it ceases to.
  private static func stretch(_ text: ByteView, _ place: Int) -> (period: Int, end: Int)? {
    let sample = text.slice(place, place + probe)
    let near = text.slice(place, place + maximumPeriod + probe)
    var from = 1
    // The sample may occur more than once in a period.
    for _ in 0..<4 {
      guard let period = near.firstIndex(of: sample, from: from) else { return nil }
      let step = 64
      var end = place + period
      while end + step <= text.count, text.slice(end, end + step) == text.slice(end - period, end - period + step) {
        end += step
      }
      if end - place > kept * 2 { return (period, end) }
      from = period + 1
    }
    return nil
  }
}
