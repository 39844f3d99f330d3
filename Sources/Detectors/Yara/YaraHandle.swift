import CYara
import Foundation
import Synchronization

/// What libyara runs: rules compiled to its own form. Made when they are first run, because objects that are large are
/// looked at with parts of a set, and for telling what is wrong with rules the last step of compiling is not needed.
final class YaraHandle: @unchecked Sendable {
  typealias Pointer = UnsafeMutablePointer<YR_RULES>

  private struct Kept: @unchecked Sendable { var pointer: Pointer }

  private let made: Mutex<Kept?>
  private let make: @Sendable () -> Pointer?

  /// What changes the compiled rules for moments, as saving does.
  private let changes = Mutex<DispatchGroup?>(nil)

  /// Takes over a handle that exists.
  init(owning pointer: Pointer) {
    made = Mutex(Kept(pointer: pointer))
    make = { nil }
  }

  init(_ make: @escaping @Sendable () -> Pointer?) {
    made = Mutex(nil)
    self.make = make
  }

  deinit { if let kept = made.withLock({ $0 }) { yr_rules_destroy(kept.pointer) } }

  /// Throws where the rules no longer compile.
  func pointer() throws(YaraError) -> Pointer {
    let kept = made.withLock { known in
      if known == nil { known = make().map { Kept(pointer: $0) } }
      return known
    }
    guard let pointer = kept?.pointer else { throw YaraError(.library, "the rules cannot be compiled together") }
    return pointer
  }

  /// Does something with the rules that other threads must not see them in, beside what does without them.
  func change(_ body: @escaping @Sendable () -> Void) {
    let group = DispatchGroup()
    changes.withLock { $0 = group }
    DispatchQueue.global().async(group: group, execute: body)
  }

  /// Waits until the rules may be run.
  func settle() { changes.withLock { $0 }?.wait() }
}
