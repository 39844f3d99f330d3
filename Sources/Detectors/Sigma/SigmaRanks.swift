/// Numbers of which the smallest, the second smallest and so on is asked while some come and go: at the cost of a logarithm
/// for each. All must be known beforehand.
struct SigmaRanks {
  private let known: [Double]
  /// A Fenwick tree of how often each number is there: each place holds the count of a run that ends at it.
  private var counts: [Int]

  init(_ numbers: [Double]) {
    var known: [Double] = []
    for number in numbers.sorted() where known.last != number { known.append(number) }
    self.known = known
    counts = [Int](repeating: 0, count: known.count + 1)
  }

  mutating func add(_ number: Double, _ times: Int) {
    var low = 0
    var high = known.count
    while low < high {
      let middle = (low + high) / 2
      if known[middle] < number { low = middle + 1 } else { high = middle }
    }
    var place = low + 1
    while place < counts.count {
      counts[place] += times
      place += place & -place
    }
  }

  /// The number with so many before it.
  subscript(_ rank: Int) -> Double {
    var rest = max(rank, 0)
    var place = 0
    var step = 1
    while step * 2 < counts.count { step *= 2 }
    while step > 0 {
      if place + step < counts.count, counts[place + step] <= rest {
        place += step
        rest -= counts[place]
      }
      step /= 2
    }
    return known.isEmpty ? 0 : known[min(place, known.count - 1)]
  }
}
