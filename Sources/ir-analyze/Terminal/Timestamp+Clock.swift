import Evidence
import Foundation

extension Timestamp {
  /// What the machine's clock says. A clock that was set to no year that nanoseconds reach is no reason to end: then it is the last
  /// moment that can be said.
  init(clock date: Date, precision: Precision) {
    let seconds = date.timeIntervalSince1970
    guard abs(seconds) < 9.2e9 else {
      self.init(nanoseconds: seconds < 0 ? .min : .max, precision: precision)
      return
    }
    let nanoseconds =
      precision == .second ? Int64(seconds) * 1_000_000_000 : Int64(seconds * 1000) * 1_000_000
    self.init(nanoseconds: nanoseconds, precision: precision)
  }
}
