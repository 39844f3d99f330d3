import Bytes

/// What a hostile archive may cost. A real collection of a root file system stays well below each.
struct ExpandLimits {
  var members = 2_000_000
  var bytes: UInt64 = 512 << 30
  /// Bytes out for one byte in, once `freeBytes` are out. Logs reach 1:30, zeroed memory 1:1000.
  var ratio: UInt64 = 4096
  var freeBytes: UInt64 = 1 << 30
  /// An archive in an archive in …; enforced where units are planned.
  static let depth = 8

  /// What an archive of this size may unpack to.
  func allowed(packed: UInt64) -> UInt64 {
    let (scaled, over) = packed.multipliedReportingOverflow(by: ratio)
    return min(over ? .max : max(scaled, freeBytes), bytes)
  }
}

/// Ends a stream that grows beyond what honest compression gives.
final class LimitedStream: ByteStream {
  private let stream: any ByteStream
  private let allowed: UInt64
  private var total: UInt64
  private(set) var isOverLimit = false

  /// - Parameter used: what earlier members of the same archive have taken of the limit.
  init(_ stream: any ByteStream, _ limits: ExpandLimits, packed: UInt64, used: UInt64 = 0) {
    self.stream = stream
    allowed = limits.allowed(packed: packed)
    total = used
  }

  var damage: String? {
    isOverLimit ? "it unpacks to more than \(allowed) bytes, which no honest archive of its size does" : stream.damage
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard !isOverLimit, total < allowed else {
      // One byte more tells a stream that ends here from one that goes on.
      if !isOverLimit { isOverLimit = try endsLater() }
      return 0
    }
    let room = Int(clamping: allowed - total)
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(room)))
    total += UInt64(count)
    return count
  }

  private func endsLater() throws(BytesError) -> Bool {
    var byte: UInt8 = 0
    var count = 0
    var failure: BytesError?
    withUnsafeMutableBytes(of: &byte) { one in
      do throws(BytesError) { count = try stream.read(into: one) } catch { failure = error }
    }
    if let failure { throw failure }
    return count > 0
  }
}
