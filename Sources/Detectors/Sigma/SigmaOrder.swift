/// How many rules have had events in the order in which a correlation names them.
struct SigmaOrder {
  private let rules: Int
  /// By rule and length: when the latest chain began that is so long and ends in this rule or one before it.
  private var begins: [Int64]

  init(_ rules: Int) {
    self.rules = rules
    begins = [Int64](repeating: .min, count: rules * (rules + 1))
  }

  mutating func add(_ rule: Int, _ nanoseconds: Int64) {
    for length in (1...rule + 1).reversed() {
      let begin = length == 1 ? nanoseconds : rule > 0 ? begins[(rule - 1) * (rules + 1) + length - 1] : .min
      for later in rule..<rules where begins[later * (rules + 1) + length] < begin {
        begins[later * (rules + 1) + length] = begin
      }
    }
  }

  /// Of the longest chain that began no sooner.
  func length(from start: Int64) -> Int {
    (1..<rules + 1).last { begins[(rules - 1) * (rules + 1) + $0] >= start } ?? 0
  }
}
