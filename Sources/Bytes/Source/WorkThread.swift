import Foundation

/// Starts a thread with as large a stack as the main thread has: parsers and detectors are written for that one, and the
/// system's own for others is a sixteenth of it.
public func startThread(_ body: @escaping @Sendable () -> Void) {
  let thread = Thread(block: body)
  thread.stackSize = 8 << 20
  thread.start()
}
