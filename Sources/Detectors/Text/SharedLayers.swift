import Bytes

/// The commands and layers of one text, found when first asked for, for detectors that look at the same text.
final class SharedLayers {
  let text: ByteView
  private(set) lazy var mayHold = CommandLayers.mayHold(text)
  private(set) lazy var unwrapped = CommandLayers.unwrap(text)
  /// Of the text itself.
  private(set) lazy var commands = ShellWords.commands(text)

  /// - Parameter text: must stay valid as long as this is used.
  init(_ text: ByteView) { self.text = text }
}
