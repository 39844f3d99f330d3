/// Parts literals into the groups of a fingerprint so that as little text as possible looks like one of them.
///
/// At each of the first three places a group accepts every byte whose two halves its literals have there, however they are put
/// together; what it accepts beyond its literals costs a second look. Literals that are sorted by their beginnings are cut
/// where the expected number of such looks is least: half of what cutting them evenly costs.
struct LiteralGroups {
  /// What a place accepts: a bit for each lower and each upper half.
  struct Halves: Equatable {
    var low: UInt16 = 0
    var high: UInt16 = 0

    mutating func formUnion(_ other: Halves) {
      low |= other.low
      high |= other.high
    }
  }

  typealias Beginning = (first: Halves, second: Halves, third: Halves)

  /// - Parameter bytes: what may stand at each of the three places.
  static func beginning(_ bytes: [[UInt8]]) -> Beginning {
    func halves(_ place: Int) -> Halves {
      bytes[place].reduce(into: Halves()) { halves, byte in
        halves.formUnion(Halves(low: 1 << UInt16(byte & 15), high: 1 << UInt16(byte >> 4)))
      }
    }
    return (halves(0), halves(1), halves(2))
  }

  static let count = 8

  /// Finding the best cuts is quadratic; more beginnings than that are cut evenly.
  private static let maximum = 1024

  /// In 10,000 bytes of text and memory so many have the upper half.
  private static let highShares: [Double] = [
    400, 100, 1800, 1200, 600, 500, 3200, 2000, 25, 25, 25, 25, 25, 25, 25, 25,
  ]

  /// Of each beginning its group, in the order given.
  ///
  /// - Parameter beginnings: sorted, so that what is alike stands together.
  static func parted(_ beginnings: [Beginning]) -> [Int] {
    let number = beginnings.count
    if number <= count { return Array(0..<number) }
    guard number <= maximum else { return (0..<number).map { $0 * count / number } }
    // costs[end]: of the best cut of the first `end` into the groups so far; starts: where the last of these began.
    var costs = [Double](repeating: .infinity, count: number + 1)
    costs[0] = 0
    var starts: [[Int]] = []
    let table = Costs(beginnings)
    for _ in 0..<count {
      var next = [Double](repeating: .infinity, count: number + 1)
      var start = [Int](repeating: 0, count: number + 1)
      for end in 1...number {
        for begin in 0..<end {
          let cost = costs[begin] + table[begin, end]
          if cost < next[end] {
            next[end] = cost
            start[end] = begin
          }
        }
      }
      costs = next
      starts.append(start)
    }
    var groups = [Int](repeating: 0, count: number)
    var end = number
    for group in (0..<count).reversed() {
      let begin = starts[group][end]
      for place in begin..<end { groups[place] = group }
      end = begin
    }
    return groups
  }

  /// What each stretch of the beginnings would cost as a group.
  private struct Costs {
    private let number: Int
    private var all: [Float]

    init(_ beginnings: [Beginning]) {
      number = beginnings.count
      all = [Float](repeating: 0, count: number * number)
      // Of all sets of upper halves.
      let shares = (0..<256).map { set in
        (low: Self.share(of: set), high: Self.share(of: set << 8))
      }
      func share(_ halves: Halves) -> Double {
        Double(halves.low.nonzeroBitCount)
          * (shares[Int(halves.high & 255)].low + shares[Int(halves.high >> 8)].high)
      }
      for begin in 0..<number {
        var union = beginnings[begin]
        var cost = Float(0)
        for end in begin..<number {
          let before = union
          union.first.formUnion(beginnings[end].first)
          union.second.formUnion(beginnings[end].second)
          union.third.formUnion(beginnings[end].third)
          if end == begin || union != before {
            cost = Float(share(union.first) * share(union.second) * share(union.third))
          }
          all[begin * number + end] = cost
        }
      }
    }

    private static func share(of set: Int) -> Double {
      (0..<16).reduce(0) { $0 + (set >> $1 & 1 == 1 ? highShares[$1] : 0) }
    }

    subscript(begin: Int, end: Int) -> Double { Double(all[begin * number + end - 1]) }
  }
}
