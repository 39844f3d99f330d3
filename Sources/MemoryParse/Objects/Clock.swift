import Evidence

/// The kernel's clock at the moment of the dump: when the machine started, and what time it was.
struct Clock {
  /// Boot in UTC, nanoseconds: what start times count from.
  var boot: Int64
  /// Wall clock when the page of the timekeeper was read: the time of the dump, near enough.
  var now: Timestamp?

  /// Nanoseconds since boot as a moment; nil outside of what can be told.
  func moment(_ sinceBoot: UInt64, precision: Timestamp.Precision = .nanosecond) -> Timestamp? {
    guard let offset = Int64(exactly: sinceBoot) else { return nil }
    let (sum, over) = boot.addingReportingOverflow(offset)
    return over ? nil : Timestamp(nanoseconds: sum, precision: precision)
  }
}

struct ClockReader {
  private let kernel: Kernel
  private let real, boot, seconds, toMonotonicSeconds, toMonotonicNanoseconds, clockSource, shift, fraction: Member?

  init(_ kernel: Kernel) {
    self.kernel = kernel
    func member(_ path: String) -> Member? { kernel.member("timekeeper", path) }
    real = member("offs_real")
    boot = member("offs_boot")
    seconds = member("xtime_sec")
    toMonotonicSeconds = member("wall_to_monotonic.tv_sec")
    toMonotonicNanoseconds = member("wall_to_monotonic.tv_nsec")
    clockSource = member("tkr_mono.clock")
    shift = member("tkr_mono.shift")
    fraction = member("tkr_mono.xtime_nsec")
  }

  func clock() -> Clock? {
    guard let keeper = timekeeper(), let real = kernel.value(keeper, real), let boot = kernel.value(keeper, boot) else {
      return nil
    }
    var now: Timestamp?
    if let seconds = kernel.value(keeper, seconds), let fraction = kernel.value(keeper, fraction),
      let shift = kernel.value(keeper, shift), shift < 64, seconds < 1 << 33
    {
      now = Timestamp(
        seconds: Int64(seconds), nanoseconds: Int64(fraction >> shift & 0x7FFF_FFFF), precision: .nanosecond)
    }
    return Clock(boot: Int64(bitPattern: real &- boot), now: now)
  }

  /// The structure begins a few bytes into its holder (behind a sequence count); an invariant of its members tells where.
  private func timekeeper() -> UInt64? {
    guard let holder = kernel.symbols["tk_core"] ?? kernel.symbols["timekeeper_data"] else {
      // The kernel keeps a shadow copy; the later of the two is the clock.
      return ShapeSearch(kernel: kernel).best { isTimekeeper($0) == .set ? kernel.value($0, seconds) : nil }
    }
    for offset in stride(from: UInt64(0), to: 256, by: 8) where isTimekeeper(holder &+ offset) != .no {
      return holder &+ offset
    }
    return nil
  }

  private enum Verdict { case no, set, unset }

  private func isTimekeeper(_ address: UInt64) -> Verdict {
    guard let real = kernel.value(address, real).map({ Int64(bitPattern: $0) }),
      let seconds = kernel.value(address, toMonotonicSeconds).map({ Int64(bitPattern: $0) }),
      let nanoseconds = kernel.value(address, toMonotonicNanoseconds), nanoseconds < 1_000_000_000
    else { return .no }
    let expected = 0 &- (seconds &* 1_000_000_000 &+ Int64(nanoseconds))
    guard real == expected else { return .no }
    if real != 0 {
      let wall = kernel.value(address, self.seconds) ?? 0
      return wall > 1_000_000_000 && wall < 1 << 33 ? .set : .no
    }
    // A clock that was never set (no clock chip): a clock source and a sane shift must be there.
    guard kernel.pointer(address, clockSource) != nil, let shift = kernel.value(address, shift),
      (1...32).contains(shift)
    else { return .no }
    return .unset
  }
}
