import Bytes
import Evidence

extension NftablesFormat {
  /// Follows the braces of a ruleset: tables hold chains and sets, these hold rules, and rules hold lists in braces of their
  /// own. A rule ends with its line or at a semicolon; a list goes on over lines, and a block may stand on one.
  struct Blocks {
    typealias Head = (kind: String, name: String)
    typealias Teller = (_ table: String, _ chain: Head, _ rule: ByteView, _ locator: Locator) -> Void

    /// Bytes from which on a list is told in parts, so that a set of any size is told whole.
    private static let partLimit = 1 << 14

    private var table: String?
    private var chain: Head?
    /// Braces that are open within a rule.
    private var depth = 0
    /// The rule so far, or the words in front of a block's brace.
    private var text: [UInt8] = []
    private var locator: Locator?

    /// - Returns: whether the line is of a ruleset.
    mutating func take(_ line: TextLine, _ tell: Teller) -> Bool {
      let bytes = line.bytes.trimmed
      if bytes[0] == 0x23 { return true }
      // Whatever came before, it is over: part of a ruleset may be missing.
      if NftablesFormat.table(bytes) != nil {
        end(tell)
        (table, chain) = (nil, nil)
      } else if table == nil {
        return false
      }
      if !text.isEmpty {
        text.append(0x20)
        locator = locator?.reaching(line.end)
      }
      var isQuoted = false
      for index in 0..<bytes.count {
        let byte = bytes[index]
        if byte == 0x22 { isQuoted.toggle() }
        if isQuoted {
          append(byte, line)
        } else if byte == 0x23, index > 0, bytes[index - 1] == 0x20 {
          // `# handle 4` stays with its rule: a brace there opens nothing.
          if !text.isEmpty { text += bytes.slice(index).array }
          break
        } else {
          take(byte, rest: bytes.slice(index + 1), line, tell)
        }
      }
      if depth == 0 || text.count >= Self.partLimit { flush(tell) }
      return true
    }

    private mutating func take(_ byte: UInt8, rest: ByteView, _ line: TextLine, _ tell: Teller) {
      switch byte {
      case 0x7B where chain == nil:
        open()
      case 0x7B:
        append(byte, line)
        depth += 1
      case 0x7D where depth > 0:
        append(byte, line)
        depth -= 1
      case 0x7D:
        flush(tell)
        if chain != nil { chain = nil } else { table = nil }
      case 0x3B where depth == 0:
        // type filter hook input priority filter; policy accept;
        let isType = text.withView { $0.hasPrefix("type ") }
        if isType { append(byte, line) }
        if !isType || !rest.trimmed.hasPrefix("policy ") { flush(tell) }
      case 0x2C where depth > 0 && text.count >= Self.partLimit:
        append(byte, line)
        flush(tell)
      default:
        append(byte, line)
      }
    }

    private mutating func append(_ byte: UInt8, _ line: TextLine) {
      if text.isEmpty {
        if byte == 0x20 || byte == 0x09 { return }
        locator = line.locator
      }
      text.append(byte)
    }

    /// A brace that opens a table, or a chain or set in it: `chain input {`, `ct helper ftp {`.
    private mutating func open() {
      let words = text.withView { $0.words(limit: 5).map(\.string) }
      if table == nil {
        table = words.dropFirst().joined(separator: " ")
      } else {
        chain = (words.first ?? "block", words.count > 1 ? words[words.count - 1] : "")
      }
      text = []
    }

    private mutating func flush(_ tell: Teller) {
      if let table, let chain, let locator {
        text.withView {
          let rule = $0.trimmed
          if !rule.isEmpty { tell(table, chain, rule, locator) }
        }
      }
      text = []
      locator = nil
    }

    /// Tells what is left where the ruleset is cut off.
    mutating func end(_ tell: Teller) {
      flush(tell)
      depth = 0
    }
  }
}
