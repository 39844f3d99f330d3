/// Markdown in which evidence stays text: everything that any dialect takes for markup is escaped.
struct Markdown {
  private(set) var bytes: [UInt8] = []

  mutating func line(_ markup: String = "") {
    bytes.append(contentsOf: markup.utf8)
    bytes.append(0x0A)
  }

  /// Text of any origin, on one line.
  static func text(_ text: String) -> String {
    var out = ""
    let scalars = Array(text.unicodeScalars)
    for (place, scalar) in scalars.enumerated() {
      switch scalar {
      case "\n", "\r", "\t", "\u{2028}", "\u{2029}": out.unicodeScalars.append(" ")
      case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "+", "!", "|", "~", "$", "@":
        out.unicodeScalars.append("\\")
        out.unicodeScalars.append(scalar)
      // A backslash before these is not undone by every reader.
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "&": out += "&amp;"
      // Readers make links of web addresses; the attack's must not be one click away.
      case "/" where place > 1 && scalars[place - 1] == ":" && (scalars[place - 2] == "p" || scalars[place - 2] == "s"):
        out += "&#47;"
      default: if scalar.value >= 0x20, !(0x7F...0x9F).contains(scalar.value) { out.unicodeScalars.append(scalar) }
      }
    }
    return out
  }

  /// Text of any origin as code, in a fence that it cannot close.
  static func code(_ text: String) -> String {
    let plain = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    var longest = 0
    var run = 0
    for byte in plain.utf8 {
      run = byte == 0x60 ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let pad = plain.hasPrefix("`") || plain.hasSuffix("`") || plain.isEmpty ? " " : ""
    return fence + pad + plain + pad + fence
  }

  /// A cell of a table: a bar ends a cell even inside code.
  static func cell(_ code: String) -> String { code.replacing("|", with: "\\|") }
}
