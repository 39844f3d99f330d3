/// One GET for the whole rest of an object, taken buffer by buffer.
///
/// A server nearby gives more through one connection than the processors can hash, and some take as long for a range as for the
/// whole object. S3 itself gives about 100 MB/s a connection; there, many ranges at once are worth their many answers.
final class ObjectFlow {
  private let client: S3Client
  private let stop: StopFlag
  private var answer: S3Client.Flow?

  /// Offsets in the object: of the GET, and of the next byte.
  private(set) var start: UInt64 = 0
  private var place: UInt64 = 0
  private var secondsToAnswer = 0.0
  private var recent: (bytes: Double, seconds: Double) = (0, 0)

  /// Bytes a second of one connection above which more connections bring nothing: a processor hashes about as fast.
  private static let enough = 400e6
  /// Bytes between two looks at the rate.
  private static let sample = 32e6

  init(_ client: S3Client, stop: StopFlag) {
    self.client = client
    self.stop = stop
  }

  deinit { answer?.close() }

  /// Fills the buffer with what follows `first`, on the connection that is there or a new one.
  func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from first: UInt64, _ open: (UInt64) -> S3Client.Request
  ) -> S3Client.Outcome {
    if answer == nil || place != first {
      answer?.close()
      start = first
      place = first
      switch client.flow(open(first), stop: stop) {
      case .success(let flow): answer = flow
      case .failure(let fault): return S3Client.Outcome(fault: fault)
      }
    }
    guard let flow = answer else { return S3Client.Outcome(fault: .odd("no answer")) }
    let begun = ContinuousClock.now
    let outcome = flow.fill(buffer)
    var seconds = (ContinuousClock.now - begun) / .seconds(1)
    if start == place {
      secondsToAnswer = flow.secondsToAnswer ?? seconds
      seconds = max(seconds - secondsToAnswer, 0)
    }
    let received = outcome.answer?.received ?? 0
    place += UInt64(received)
    recent.bytes += Double(received)
    recent.seconds += seconds
    if outcome.fault != nil || received < buffer.count {
      flow.close()
      answer = nil
    }
    return outcome
  }

  /// True once the connection has been measured to give less than so many ranges at once would.
  func isSlower(than connections: Int, ofBytes size: Int) -> Bool {
    guard recent.bytes >= min(Self.sample, Double(size) * 4) else { return false }
    let rate = recent.bytes / max(recent.seconds, 1e-6)
    recent = (0, 0)
    let ranged = Double(connections * size) / (secondsToAnswer + Double(size) / rate)
    return rate < Self.enough && ranged > 1.5 * rate
  }
}
