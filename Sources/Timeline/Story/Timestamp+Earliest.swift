import Evidence

extension Sequence where Element == Timestamp {
  /// The first moment that is known at least to the second; the first of all where none is.
  ///
  /// `ps` says 05:22 of what memory says 05:22:48: taken as 05:22:00 it would come before its own cause.
  var earliest: Timestamp? {
    var exact: Timestamp?
    var rough: Timestamp?
    for time in self {
      if time.precision >= .second {
        exact = Swift.min(exact ?? time, time)
      } else {
        rough = Swift.min(rough ?? time, time)
      }
    }
    return exact ?? rough
  }
}
