import Bytes

/// Values that several fields of a hit have together. A field may have several values, so a hit may have many tuples.
final class SigmaTuples {
  private let hits: SigmaHits
  /// Tuples of more than one field, which have numbers of their own.
  private var known = ByteNumbers()
  private var values: [[UInt32]] = []
  private var tuple: [UInt32] = []

  init(_ hits: SigmaHits) { self.hits = hits }

  /// Each tuple of values, as far as `most` allows; none where a field is missing.
  ///
  /// - Parameter places: of the fields, in the hit's layout.
  func forEach(of hit: SigmaHits.Number, _ places: ArraySlice<Int>, most: Int, _ body: ([UInt32]) -> Void) {
    tuple.removeAll(keepingCapacity: true)
    for place in places { if let value = hits.value(hit, place) { tuple.append(value) } }
    // So it is for nearly every hit.
    if tuple.count == places.count { return body(tuple) }
    while values.count < places.count { values.append([]) }
    var count = 1
    for (field, place) in places.enumerated() {
      hits.values(hit, place, into: &values[field])
      count = min(count * values[field].count, most)
    }
    for number in 0..<count {
      tuple.removeAll(keepingCapacity: true)
      // The last field changes first.
      var rest = number
      for field in (0..<places.count).reversed() {
        tuple.append(values[field][rest % values[field].count])
        rest /= values[field].count
      }
      tuple.reverse()
      body(tuple)
    }
  }

  /// Numbers of the tuples: of one field's values their own.
  func numbers(of hit: SigmaHits.Number, _ places: ArraySlice<Int>) -> [UInt32] {
    var numbers: [UInt32] = []
    forEach(of: hit, places, most: SigmaHits.mostValues) { tuple in
      if tuple.count == 1 {
        numbers.append(tuple[0])
      } else if let number = tuple.withUnsafeBytes({ known.number(of: ByteView($0)) }) {
        numbers.append(number)
      }
    }
    return numbers
  }
}
