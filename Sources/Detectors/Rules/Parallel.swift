import Foundation
import Synchronization

/// Work on several cores inside one unit.
enum Parallel {
  /// Calls the body for each item, up to `workers` at a time, and gives what it returns in the items' order. The body must
  /// be safe to call from several threads; what it reads outlives the call.
  static func map<Item, Output>(_ items: [Item], workers: Int, _ body: (Item) -> Output) -> [Output] {
    if workers < 2 || items.count < 2 { return items.map(body) }
    var results = [Output?](repeating: nil, count: items.count)
    results.withUnsafeMutableBufferPointer { slots in
      // Each item and each slot is touched by one thread; the call ends after the last of them.
      nonisolated(unsafe) let slots = slots
      nonisolated(unsafe) let items = items
      let next = Counter()
      withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        DispatchQueue.concurrentPerform(iterations: min(workers, items.count)) { _ in
          while let index = next.take(below: items.count) { slots[index] = body(items[index]) }
        }
      }
    }
    return results.compactMap { $0 }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    func take(below limit: Int) -> Int? {
      let taken = value.wrappingAdd(1, ordering: .relaxed).oldValue
      return taken < limit ? taken : nil
    }
  }
}
