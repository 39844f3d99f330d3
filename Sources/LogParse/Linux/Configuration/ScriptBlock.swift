import Bytes
import Evidence

/// Lines of a script within another file, until the word that ends it.
struct ScriptBlock {
  private static let lineLimit = 400
  private static let byteLimit = 1 << 18

  /// The word that began it.
  let name: String
  private(set) var locator: Locator
  private(set) var lines: [String] = []
  private var bytes = 0

  init(_ name: String, _ locator: Locator) {
    self.name = name
    self.locator = locator
  }

  /// Comments are left out, and what is beyond any script's length.
  mutating func add(_ text: ByteView, upTo end: UInt64) {
    locator = locator.reaching(end)
    guard text[0] != 0x23, !text.isEmpty, lines.count < Self.lineLimit, bytes < Self.byteLimit else { return }
    lines.append(text.slice(0, 1 << 14).string)
    bytes += text.count
  }

  /// What runs, on one line.
  var command: String { lines.joined(separator: "; ") }
}
