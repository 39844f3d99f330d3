import Foundation

/// Waiting between repetitions.
enum Backoff {
  /// Longest wait in seconds before one repetition.
  private static let longest = 20.0

  /// Seconds before repetition `attempt` (from 1): anything up to a bound that doubles, so that many clients spread.
  static func delay(_ attempt: Int, first: Double) -> Double {
    let bound = min(first * Double(1 << min(max(attempt - 1, 0), 16)), longest)
    return bound > 0 ? Double.random(in: 0...bound) : 0
  }

  /// Sleeps, in slices so that a flag ends it.
  static func sleep(_ seconds: Double, stop: StopFlag?) {
    var left = seconds
    while left > 0, stop?.isSet != true {
      Thread.sleep(forTimeInterval: min(left, 0.05))
      left -= 0.05
    }
  }
}
