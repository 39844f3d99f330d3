import Evidence

extension Timestamp {
  /// How much later than written the moment may have been, in seconds: a listing that shows minutes means any second of one.
  var slack: Double {
    switch precision {
    case .day: 86400
    case .minute: 60
    case .second: 1
    case .millisecond, .microsecond, .nanosecond: 0
    }
  }
}

func seconds(from: Timestamp, to: Timestamp) -> Double { (Double(to.nanoseconds) - Double(from.nanoseconds)) / 1e9 }
