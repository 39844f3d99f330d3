/// A pattern of PCRE's dialect as ICU must have it to mean the same.
///
/// ICU's `\w`, `\d`, `\s` and `\b` know all scripts, PCRE's ASCII alone; in a set ICU takes `&&`, `--` and a bracket for operators;
/// names of groups are written otherwise, and `\K` ICU does not have (PCRE: pcre2pattern(3); ICU: "Regular Expressions", "UnicodeSet").
struct SigmaFallbackPattern {
  private var rest: Substring.UnicodeScalarView
  private var out = String.UnicodeScalarView()
  private var isInSet = false
  private var isMeant = true

  /// nil where ICU has nothing that means the same.
  static func translated(_ pattern: String) -> String? {
    var reader = SigmaFallbackPattern(rest: Substring(pattern).unicodeScalars)
    while let scalar = reader.rest.popFirst() { reader.take(scalar) }
    return reader.isMeant ? String(reader.out) : nil
  }

  private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

  private mutating func take(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\\": escape()
    case "[" where !isInSet: openSet()
    case "[":
      // `[:alpha:]` stays a class, any other bracket is one.
      if rest.first != ":" { out.append("\\") }
      out.append("[")
      if rest.first == ":" { passClass() }
    case "]" where isInSet:
      isInSet = false
      out.append("]")
    case "&" where isInSet, "~" where isInSet: put("\\" + String(scalar))
    case "-" where isInSet && (rest.first == "-" || out.last == "-"): put("\\-")
    case "(" where !isInSet && rest.starts(with: "?P".unicodeScalars): named()
    default: out.append(scalar)
    }
  }

  private mutating func put(_ text: String) { out.append(contentsOf: text.unicodeScalars) }

  private mutating func openSet() {
    isInSet = true
    out.append("[")
    if rest.first == "^" { out.append(rest.removeFirst()) }
    // The first bracket that closes is a member.
    if rest.first == "]" {
      rest.removeFirst()
      put("\\]")
    }
  }

  /// `:alpha:]` of a class within a set.
  private mutating func passClass() {
    while let scalar = rest.popFirst() {
      out.append(scalar)
      if scalar == "]" { return }
    }
  }

  /// `(?P<name>…)`, `(?P=name)`
  private mutating func named() {
    rest.removeFirst(2)
    switch rest.first {
    case "<": put("(?")
    case "=":
      rest.removeFirst()
      put("\\k<")
      while let scalar = rest.popFirst(), scalar != ")" { out.append(scalar) }
      put(">")
    default: isMeant = false
    }
  }

  private static let word = "A-Za-z0-9_"
  private static let blank = "\\t\\n\\u000B\\f\\r\\u0020"

  private mutating func escape() {
    guard let scalar = rest.popFirst() else { return out.append("\\") }
    switch scalar {
    case "d": put(isInSet ? "0-9" : "[0-9]")
    case "D": put("[^0-9]")
    case "w": put(isInSet ? Self.word : "[\(Self.word)]")
    case "W": put("[^\(Self.word)]")
    case "s": put(isInSet ? Self.blank : "[\(Self.blank)]")
    case "S": put("[^\(Self.blank)]")
    case "b" where !isInSet:
      put("(?:(?<=[\(Self.word)])(?![\(Self.word)])|(?<![\(Self.word)])(?=[\(Self.word)]))")
    case "B" where !isInSet:
      put("(?:(?<=[\(Self.word)])(?=[\(Self.word)])|(?<![\(Self.word)])(?![\(Self.word)]))")
    case "b": put("\\u0008")
    case "K" where !isInSet: isMeant = false
    case "Q":
      // Up to \E all is plain.
      while let next = rest.popFirst() {
        if next == "\\", rest.first == "E" {
          rest.removeFirst()
          return
        }
        put(next.isASCII && !Self.isWord(next) ? "\\" + String(next) : String(next))
      }
    default:
      out.append("\\")
      out.append(scalar)
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_"
  }
}
