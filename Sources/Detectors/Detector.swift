import Bytes
import Evidence

/// A detector over the events of one artifact. One file, one doc comment that says what it finds and why it is certain,
/// one test with the attack and its near miss.
///
/// A class, because some must see several events (all descriptors of one process) before they can speak.
public protocol EventDetector: AnyObject {
  /// Part of every result's key: raised whenever the detector would say something else.
  static var version: Int { get }

  /// Whether events of a data type can tell the detector anything: others are not shown to it.
  static func concerns(_ dataType: String) -> Bool

  /// Looks at one event.
  func inspect(_ event: Event, _ report: (Finding) -> Void)

  /// Says what only the whole artifact shows. Called once, after the last event.
  func finish(_ report: (Finding) -> Void)
}

extension EventDetector {
  public static func concerns(_ dataType: String) -> Bool { true }
  public func finish(_ report: (Finding) -> Void) {}
}
