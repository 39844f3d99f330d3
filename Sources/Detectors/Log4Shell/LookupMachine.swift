import Bytes

/// A lookup that the evaluation came upon and could not resolve, and whose value would be sent along.
struct UnresolvedLookup {
  /// `env:AWS_SECRET_ACCESS_KEY`, `hostName`
  var name: String
  /// The payload gives a default, so it works without the value: named only where the value is worth stealing.
  var hasDefault: Bool
}

/// What stands between `${jndi:` and its end, every lookup within resolved.
struct JNDIText {
  /// Without `${` and `}`; begins with `jndi:`, in any case.
  var content: [UInt8]
  /// In the text that was run.
  var range: Range<Int>
  /// No `}` followed: the text was cut, or the writer careless.
  var isOpen: Bool
  /// Nothing at all followed: a field limit may have cut it.
  var isAtEnd: Bool
  /// Resolving was needed to see it.
  var isObfuscated: Bool
  var lookups: [UnresolvedLookup]
}

/// Runs Log4j's substitution (`StrSubstitutor` and the lookups of log4j-core 2.14) over a text, as far as a text can say
/// without the victim's environment: `lower`, `upper`, quoted `date`, defaults (`:-`) and Base64 are resolved, others stay.
///
/// A stack of open lookups and one output: nesting is no recursion, and each byte is looked at once. What a lookup of
/// depth n costs is the length of its content; the sum is capped at `workPerByte` times the text, after which lookups
/// stay as they are.
struct LookupMachine {
  static let workPerByte = 64
  /// `${base64:…}` within `${base64:…}`: each layer is a quarter shorter, real ones are one deep.
  static let maximumRuns = 6

  private struct Frame {
    /// In `out`, after `${`.
    var start: Int
    /// In the text, of `$`.
    var source: Int
    /// In `lookups`.
    var lookups: Int
    var isObfuscated = false
  }

  private(set) var found: [JNDIText] = []
  /// Lookups seen at all, jndi or not; how the caller knows that there was something to resolve.
  private(set) var resolvedCount = 0
  private var out: [UInt8] = []
  private var frames: [Frame] = []
  private var lookups: [UnresolvedLookup] = []
  private var work = 0
  private let runsLeft: Int

  init(runsLeft: Int = LookupMachine.maximumRuns) { self.runsLeft = runsLeft }

  /// Runs the whole text. Control characters, line ends among them, end whatever is open.
  mutating func run(_ text: ByteView) {
    work = text.count &* Self.workPerByte
    var place = 0
    while place < text.count {
      if frames.isEmpty {
        // Outside of lookups nothing is kept but a `$` that a lookup left behind: `${x:-$}{jndi:…}`.
        if out.last == 0x24, text[place] == 0x7B {
          out = [0x24]
        } else {
          out.removeAll(keepingCapacity: true)
          guard let next = text.firstIndex(of: 0x24, from: place) else { return }
          out.append(0x24)
          place = next + 1
          guard text[place] == 0x7B else { continue }
        }
        open(at: place - 1)
        place += 1
        continue
      }
      let byte = text[place]
      switch byte {
      case 0x7B where out.last == 0x24 && out.count > (frames.last?.start ?? 0): open(at: place - 1)
      case 0x7D:
        close(at: place + 1)
      case 0..<0x20 where byte != 0x09: end(at: place, isEnd: false)
      default: out.append(byte)
      }
      place += 1
    }
    end(at: text.count, isEnd: true)
  }

  private mutating func open(at source: Int) {
    out.append(0x7B)
    // What opens at a `$` out of a lookup begins, for a reader, where that lookup began.
    frames.append(Frame(start: out.count, source: max(source, 0), lookups: lookups.count))
  }

  /// The text ended or broke off: every open lookup is judged as far as it goes.
  private mutating func end(at place: Int, isEnd: Bool) {
    while let frame = frames.popLast() {
      if isJNDI(from: frame.start) || isEnd && frame.isObfuscated && begins(frame.start) {
        found.append(
          JNDIText(
            content: Array(out[frame.start...].prefix(8192)), range: frame.source..<place, isOpen: true, isAtEnd: isEnd,
            isObfuscated: frame.isObfuscated, lookups: Array(lookups.dropFirst(frame.lookups).prefix(64))))
        // The outermost that is one says it all; what is around an open lookup is the line, not the payload.
        out.removeLast(out.count - frame.start)
      }
      if !frames.isEmpty { frames[frames.count - 1].isObfuscated = frames[frames.count - 1].isObfuscated || frame.isObfuscated }
    }
    lookups.removeAll(keepingCapacity: true)
    out.removeAll(keepingCapacity: true)
  }

  private func isJNDI(from start: Int) -> Bool {
    out.count - start >= 5 && out[start] | 0x20 == 0x6A && out[start + 1] | 0x20 == 0x6E && out[start + 2] | 0x20 == 0x64
      && out[start + 3] | 0x20 == 0x69 && out[start + 4] == 0x3A
  }

  /// `jnd`, `jndi` and nothing more.
  private func begins(_ start: Int) -> Bool {
    let wanted: [UInt8] = [0x6A, 0x6E, 0x64, 0x69]
    let there = out[start...]
    return there.count >= 3 && there.count <= 4 && there.map { $0 | 0x20 } == Array(wanted.prefix(there.count))
  }

  private mutating func close(at end: Int) {
    guard let frame = frames.popLast() else { return }
    resolvedCount += 1
    work -= out.count - frame.start
    if !frames.isEmpty { frames[frames.count - 1].isObfuscated = true }
    if isJNDI(from: frame.start) {
      found.append(
        JNDIText(
          content: Array(out[frame.start...].prefix(8192)), range: frame.source..<end, isOpen: false, isAtEnd: false,
          isObfuscated: frame.isObfuscated, lookups: Array(lookups.dropFirst(frame.lookups).prefix(64))))
      lookups.removeLast(lookups.count - min(frame.lookups, lookups.count))
      out.append(0x7D)
    } else if work < 0 || !evaluate(frame) {
      out.append(0x7D)
    }
  }

  /// Puts a lookup's value in its place; false where it has none and stays.
  private mutating func evaluate(_ frame: Frame) -> Bool {
    let start = frame.start
    let delimiter = defaultDelimiter(from: start)
    let nameEnd = delimiter ?? out.count
    let colon = out[start..<nameEnd].firstIndex(of: 0x3A)
    if let colon, let value = value(prefix: start..<colon, key: colon + 1..<nameEnd) {
      out.replaceSubrange(start - 2..<out.count, with: value)
      return true
    }
    let isEmpty = colon == start || nameEnd == start
    if !isEmpty, lookups.count < 4096, nameEnd - start <= 128 {
      lookups.append(
        UnresolvedLookup(name: String(decoding: out[start..<nameEnd], as: UTF8.self), hasDefault: delimiter != nil))
    }
    guard let delimiter else { return false }
    out.removeSubrange(start - 2..<delimiter + 2)
    return true
  }

  /// Place of the first `:-` that is not written `:\-`.
  private func defaultDelimiter(from start: Int) -> Int? {
    var place = start
    while place + 1 < out.count {
      if out[place] == 0x3A, out[place + 1] == 0x2D { return place }
      place += 1
    }
    return nil
  }

  /// The value of the lookups that need no environment. Names of lookups ignore case, as `Interpolator` does.
  private mutating func value(prefix: Range<Int>, key: Range<Int>) -> [UInt8]? {
    guard prefix.count >= 3, prefix.count <= 14 else { return nil }
    let name = out[prefix].map { lowercased($0) }
    let content = out[key]
    switch name.first {
    case 0x6C where name == Array("lower".utf8): return changeCase(content, upper: false)
    case 0x75 where name == Array("upper".utf8): return changeCase(content, upper: true)
    case 0x64 where name == Array("date".utf8): return Self.dateLiteral(content)
    case 0x62 where name == Array("base64".utf8) || name == Array("base64decoder".utf8): return decoded(content)
    case 0x73 where name == Array("sys".utf8):
      // The two that are the same on every server this engine looks at.
      if content.elementsEqual("file.separator".utf8) { return [0x2F] }
      return content.elementsEqual("path.separator".utf8) ? [0x3A] : nil
    default: return nil
    }
  }

  /// Java's `toUpperCase` and `toLowerCase`: beyond ASCII too, for the dotless ı becomes I and ſ becomes S.
  private func changeCase(_ text: ArraySlice<UInt8>, upper: Bool) -> [UInt8] {
    var bytes = Array(text)
    if bytes.contains(where: { $0 >= 0x80 }) {
      let whole = String(decoding: bytes, as: UTF8.self)
      return Array((upper ? whole.uppercased() : whole.lowercased()).utf8)
    }
    let (low, high): (UInt8, UInt8) = upper ? (0x61, 0x7A) : (0x41, 0x5A)
    for index in bytes.indices where bytes[index] >= low && bytes[index] <= high { bytes[index] ^= 0x20 }
    return bytes
  }

  /// A pattern of `SimpleDateFormat` without pattern letters: quoted text stands for itself, `''` for a quote.
  static func dateLiteral(_ pattern: ArraySlice<UInt8>) -> [UInt8]? {
    var value: [UInt8] = []
    var isQuoted = false
    var previousWasQuote = false
    for byte in pattern {
      if byte == 0x27 {
        if previousWasQuote { value.append(0x27) }
        previousWasQuote.toggle()
        isQuoted.toggle()
        continue
      }
      previousWasQuote = false
      let isLetter = lowercased(byte) >= 0x61 && lowercased(byte) <= 0x7A
      if isLetter, !isQuoted { return nil }
      value.append(byte)
    }
    return value
  }

  /// Base64's value, itself run: what a lookup returns is substituted again.
  private mutating func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let value = Array(text).withView { Base64.decode($0) }
    guard runsLeft > 0, !value.isEmpty else { return value }
    var inner = LookupMachine(runsLeft: runsLeft - 1)
    value.withView { inner.run($0) }
    for var one in inner.found {
      one.range = (frames.last?.source ?? one.range.lowerBound)..<Int.max
      one.isObfuscated = true
      found.append(one)
    }
    return value
  }
}
