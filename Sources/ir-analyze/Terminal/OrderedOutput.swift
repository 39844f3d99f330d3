import Bytes
import Foundation

/// Standard output for several writers at once, whose bytes come out one writer after the other. What is not yet in its turn
/// waits, beyond a little in a temporary file.
final class OrderedOutput: @unchecked Sendable {
  private struct Waiting {
    let bytes = SpilledBytes()
    var places: [SpilledBytes.Place] = []
  }

  /// Held whenever one of the following is touched.
  private let lock = NSLock()
  private var turn = 0
  private var ended: Set<Int> = []
  private var waiting: [Int: Waiting] = [:]

  /// - Parameter writer: numbered from zero, in the order of their turns.
  func write(_ bytes: UnsafeRawBufferPointer, of writer: Int) {
    lock.lock()
    defer { lock.unlock() }
    if turn == writer { return Terminal.print(bytes: bytes) }
    var own = waiting.removeValue(forKey: writer) ?? Waiting()
    guard let place = own.bytes.append(bytes) else {
      Self.fail("cannot keep what is to be printed: the disk takes no more")
    }
    own.places.append(place)
    waiting[writer] = own
  }

  func finish(_ writer: Int) {
    lock.lock()
    defer { lock.unlock() }
    ended.insert(writer)
    while ended.remove(turn) != nil {
      turn += 1
      guard let next = waiting.removeValue(forKey: turn) else { continue }
      for place in next.places {
        guard let bytes = next.bytes.bytes(place) else { Self.fail("cannot read back what is to be printed") }
        Terminal.print(bytes: bytes)
      }
    }
  }

  private static func fail(_ reason: String) -> Never {
    Terminal.tell("error: \(reason)")
    _exit(ExitStatus.internalError.rawValue)
  }
}
