import Bytes

/// One text and what all who look at it ask of it, each part made when first asked for.
final class SharedText {
  let text: ByteView
  /// Where the text is a copy of its own.
  private let storage: UnsafeMutableBufferPointer<UInt8>?
  private(set) lazy var line = ShellLine(text)
  private lazy var sieve = TextSieve(text)
  /// Whether any word stands there without which no matcher of reverse shells speaks.
  private(set) lazy var hasLead = ReverseShellLeads.hasLead(text)
  /// Whether a loop may fetch commands there.
  private(set) lazy var mayPoll = PollMatcher.mayHold(text)

  /// - Parameter text: must stay valid as long as this is used.
  init(_ text: ByteView) {
    self.text = text
    storage = nil
  }

  init(copying bytes: [UInt8]) {
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = copy.initialize(fromContentsOf: bytes)
    storage = copy
    text = ByteView(UnsafeBufferPointer(copy))
  }

  deinit { storage?.deallocate() }

  /// For what is asked dozens of times.
  func has(_ literal: StaticString) -> Bool { sieve.mayHold(literal) && text.contains(literal) }
}

/// One text with the layers that are wrapped in it, for detectors that look at the same text.
final class SharedLayers {
  /// The text itself.
  let whole: SharedText
  private(set) lazy var mayHold = CommandLayers.mayHold(whole.text)
  private(set) lazy var unwrapped = CommandLayers.unwrap(whole.text)
  /// The same layers, in the same order.
  private(set) lazy var texts = unwrapped.map { SharedText(copying: $0.text) }

  /// - Parameter text: must stay valid as long as this is used.
  init(_ text: ByteView) { whole = SharedText(text) }
}
