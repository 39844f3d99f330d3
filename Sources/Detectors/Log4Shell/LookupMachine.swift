import Bytes

/// Runs Log4j's substitution (`StrSubstitutor` and the lookups of log4j-core 2.14) over a text, as far as a text can say
/// without the victim's environment: `lower`, `upper`, quoted `date`, defaults (`:-`) and Base64 are resolved, others stay.
///
/// A stack of open lookups and one output: nesting is no recursion, and each byte is looked at once. What a lookup of
/// depth n costs is the length of its content; the sum is capped at `workPerByte` times the text, after which lookups
/// stay as they are.
struct LookupMachine {
  static let workPerByte = 32
  /// `${base64:…}` within `${base64:…}`: each layer is a quarter shorter, real ones are one deep.
  static let maximumRuns = 6
  /// Lookups left open at an end that are judged, innermost first.
  static let maximumOpen = 64

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
  /// What the text looks up of the victim, wherever in it: Base64's value is a text of its own, whose names the outer one sends.
  private var seen: [UnresolvedLookup] = []
  private var out: [UInt8] = []
  private var frames: [Frame] = []
  private var lookups: [UnresolvedLookup] = []
  private var work = 0
  private let runsLeft: Int
  /// Whether `${upper::-j}`, which comes to nothing, is taken for the j that it was meant to be.
  var takesEmptyCase = false

  init(runsLeft: Int = LookupMachine.maximumRuns) { self.runsLeft = runsLeft }

  /// Runs the whole text; `found` is then what it holds. Control characters, line ends among them, end whatever is open.
  mutating func run(_ text: ByteView) {
    found.removeAll(keepingCapacity: true)
    seen.removeAll(keepingCapacity: true)
    work = text.count &* Self.workPerByte
    var signs = BytePlaces(of: Self.signs, in: text)
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
      // What stands between signs is copied in one go.
      let sign = signs.next(from: place)
      if sign > place {
        out.append(contentsOf: text.slice(place, sign).unsafeBytes)
        place = sign
        guard place < text.count else { break }
      }
      let byte = text[place]
      switch byte {
      case 0x7B where out.last == 0x24 && out.count > (frames.last?.start ?? 0):
        // `$${` escapes a lookup for one round; within another it is resolved in the next.
        if place >= 2, text[place - 1] == 0x24, text[place - 2] == 0x24, out.dropLast().last == 0x24,
          out.count - 1 > (frames.last?.start ?? 0)
        {
          out.removeLast()
        }
        open(at: place - 1)
      case 0x7D:
        if !isBraceTooMany(before: text, place + 1) { close(at: place + 1) }
      case 0..<0x20 where byte != 0x09: end(at: place, isEnd: false)
      default: out.append(byte)
      }
      place += 1
    }
    end(at: text.count, isEnd: true)
  }

  /// What opens a lookup, closes one or ends all.
  private static let signs = ByteSet("{}", controls: true)

  private mutating func open(at source: Int) {
    out.append(0x7B)
    // What opens at a `$` out of a lookup begins, for a reader, where that lookup began.
    frames.append(Frame(start: out.count, source: max(source, 0), lookups: lookups.count))
  }

  /// The text ended or broke off: every open lookup is judged as far as it goes.
  private mutating func end(at place: Int, isEnd: Bool) {
    var reports = Self.maximumOpen
    var cuts = Self.maximumOpen
    // The beginning of another lookup.
    if isEnd, !frames.isEmpty, out.last == 0x24 { out.removeLast() }
    while let frame = frames.popLast() {
      if reports > 0, isJNDI(from: frame.start) || isEnd && frame.isObfuscated && begins(frame.start) {
        reports -= 1
        found.append(
          JNDIText(
            content: Array(out[frame.start...].prefix(8192)), range: frame.source..<place, isOpen: true, isAtEnd: isEnd,
            isObfuscated: frame.isObfuscated, lookups: Array(lookups.dropFirst(frame.lookups).prefix(64))))
        // The outermost that is one says it all; what is around an open lookup is the line, not the payload.
        out.removeLast(out.count - frame.start)
      } else if isEnd, cuts > 0, let outer = frames.last {
        cuts -= 1
        finishCut(frame, in: outer)
      }
      if !frames.isEmpty {
        frames[frames.count - 1].isObfuscated = frames[frames.count - 1].isObfuscated || frame.isObfuscated
      }
    }
    lookups.removeAll(keepingCapacity: true)
    out.removeAll(keepingCapacity: true)
  }

  /// A lookup that the text's end cut: taken for what it would be if it were closed there, so that `${jndi:${lower:l` is
  /// seen to begin with l. One without a value is left out where the scheme is still being spelled.
  private mutating func finishCut(_ frame: Frame, in outer: Frame) {
    work -= out.count - frame.start
    guard work >= 0 else { return }
    guard out.count > frame.start else {
      out.removeLast(min(2, out.count - outer.start))
      return
    }
    let known = lookups.count
    if evaluate(frame) {
      frames[frames.count - 1].isObfuscated = true
      return
    }
    // Its name may be cut too, unless it is one that no longer name begins with.
    if !(lookups.last.map { Self.wholeNames.contains($0.name) } ?? false) { lookups.removeLast(lookups.count - known) }
    if !out[outer.start..<(frame.start - 2)].contains(0x2F) {
      out.removeLast(out.count - (frame.start - 2))
      frames[frames.count - 1].isObfuscated = true
    }
  }

  private static let wholeNames: Set<String> = [
    "env:AWS_SECRET_ACCESS_KEY", "env:AWS_ACCESS_KEY_ID", "env:AWS_SESSION_TOKEN", "hostName", "env:HOSTNAME",
    "java:version", "java:runtime", "sys:java.version",
  ]

  private func isJNDI(from start: Int) -> Bool {
    out.count - start >= 5 && out[start] | 0x20 == 0x6A && out[start + 1] | 0x20 == 0x6E
      && out[start + 2] | 0x20 == 0x64
      && out[start + 3] | 0x20 == 0x69 && out[start + 4] == 0x3A
      // `${JNDI:-x}` is a name with a default, a shell's or a property of one's own, and so are `:=`, `:+` and `:?`.
      && (out.count == start + 5 || !isAny(out[start + 5], of: "-=+?"))
  }

  /// `jnd`, `jndi` and nothing more.
  private func begins(_ start: Int) -> Bool {
    let wanted: [UInt8] = [0x6A, 0x6E, 0x64, 0x69]
    let there = out[start...]
    return there.count >= 3 && there.count <= 4 && there.map { $0 | 0x20 } == Array(wanted.prefix(there.count))
  }

  /// `${${x:-jnd}}i:ldap://host/a}`: a brace that closes the name before it is whole. Nothing is looked up, but it was meant
  /// to be.
  private func isBraceTooMany(before text: ByteView, _ place: Int) -> Bool {
    guard let frame = frames.last, frame.isObfuscated, begins(frame.start) else { return false }
    let missing: StaticString = out.count - frame.start == 3 ? "i:" : ":"
    let behind = place + missing.utf8CodeUnitCount
    return text.slice(place, behind).equalsIgnoringCase(missing) && lowercased(text[behind]) >= 0x61
      && lowercased(text[behind]) <= 0x7A
  }

  private mutating func close(at end: Int) {
    guard let frame = frames.popLast() else { return }
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
    let (colon, delimiter) = out.withView { Self.colons($0, from: start) }
    let nameEnd = delimiter ?? out.count
    if let colon {
      switch lookup(start, colon, nameEnd) {
      case .lower, .upper:
        if takesEmptyCase, let delimiter, delimiter == colon + 1 {
          keep(from: delimiter + 2, in: start)
          return true
        }
        changeCase(colon + 1, nameEnd, upper: lowercased(out[start]) == 0x75)
        keep(from: colon + 1, in: start)
        return true
      case .computed(let value?):
        out.removeLast(out.count - (start - 2))
        out.append(contentsOf: value)
        return true
      default: break
      }
    }
    note(start, nameEnd, colon, fallback: delimiter.map { out.count - $0 - 2 })
    guard let delimiter else { return false }
    keep(from: delimiter + 2, in: start)
    return true
  }

  /// Drops everything of a lookup before a place, `${` included.
  private mutating func keep(from place: Int, in start: Int) {
    let gap = place - (start - 2)
    for index in place..<out.count { out[index - gap] = out[index] }
    out.removeLast(gap)
  }

  /// Remembers a lookup that only the victim can resolve. With a default it is mostly a way to spell, so there only the
  /// two that read what is worth stealing are kept.
  ///
  /// - Parameter fallback: how long the default is.
  private mutating func note(_ start: Int, _ nameEnd: Int, _ colon: Int?, fallback: Int?) {
    guard nameEnd > start, colon != start, nameEnd - start <= 128, lookups.count < 4096 else { return }
    if fallback != nil {
      guard nameEnd - start >= 7, let colon, colon - start == 3 else { return }
      let first = lowercased(out[start])
      guard first == 0x65 || first == 0x73 else { return }
    }
    let lookup = UnresolvedLookup(
      name: String(decoding: out[start..<nameEnd], as: UTF8.self), hasDefault: fallback != nil,
      hasWord: fallback.map { $0 >= Self.shortestWord } ?? false)
    lookups.append(lookup)
    // Only what is run out of another is asked.
    if runsLeft < Self.maximumRuns, seen.count < 64 { seen.append(lookup) }
  }

  /// `jndi` and `ldap` are spelled by defaults of four letters and less.
  private static let shortestWord = 5

  /// Places of the first `:-` and of the first colon before it.
  private static func colons(_ out: ByteView, from start: Int) -> (colon: Int?, delimiter: Int?) {
    let first = out.firstIndex(of: 0x3A, from: start)
    var next = first
    while let place = next, out[place + 1] != 0x2D { next = out.firstIndex(of: 0x3A, from: place + 1) }
    return (first == next ? nil : first, next)
  }

  private enum Lookup {
    case lower, upper, unknown
    case computed([UInt8]?)
  }

  /// The lookups that need no environment. Their names ignore case, as `Interpolator` does.
  private mutating func lookup(_ start: Int, _ colon: Int, _ end: Int) -> Lookup {
    func isNamed(_ name: StaticString) -> Bool {
      guard name.utf8CodeUnitCount == colon - start else { return false }
      for index in 0..<(colon - start) where lowercased(out[start + index]) != name.utf8Start[index] { return false }
      return true
    }
    switch lowercased(out[start]) {
    case 0x6C where isNamed("lower"): return .lower
    case 0x75 where isNamed("upper"): return .upper
    case 0x64 where isNamed("date"): return .computed(Self.dateLiteral(out[(colon + 1)..<end]))
    case 0x62 where isNamed("base64") || isNamed("base64decoder"): return .computed(decoded(out[(colon + 1)..<end]))
    case 0x73 where isNamed("sys"):
      // The two that are the same on every server this engine looks at.
      let key = out[(colon + 1)..<end]
      return .computed(
        key.elementsEqual("file.separator".utf8) ? [0x2F] : key.elementsEqual("path.separator".utf8) ? [0x3A] : nil)
    default: return .unknown
    }
  }

  /// Java's `toUpperCase` and `toLowerCase`: beyond ASCII too, for the dotless ı becomes I and ſ becomes S.
  private mutating func changeCase(_ start: Int, _ end: Int, upper: Bool) {
    let (low, high): (UInt8, UInt8) = upper ? (0x61, 0x7A) : (0x41, 0x5A)
    var isASCII = true
    for index in start..<end {
      if out[index] >= low, out[index] <= high { out[index] ^= 0x20 }
      if out[index] >= 0x80 { isASCII = false }
    }
    // A default behind a lookup that has a value is never looked at.
    out.removeLast(out.count - end)
    guard !isASCII else { return }
    let whole = String(decoding: out[start...], as: UTF8.self)
    out.removeLast(out.count - start)
    out.append(contentsOf: (upper ? whole.uppercased() : whole.lowercased()).utf8)
  }

  /// Base64's value, itself run: what a lookup returns is substituted again.
  private mutating func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    // What only the victim can put in is no Base64 yet.
    if text.contains(0x24) { return nil }
    let value = Array(text).withView { Base64.decode($0) }
    guard runsLeft > 0, !value.isEmpty else { return value }
    var inner = LookupMachine(runsLeft: runsLeft - 1)
    value.withView { inner.run($0) }
    if lookups.count < 4096 { lookups += inner.seen }
    if runsLeft < Self.maximumRuns, seen.count < 64 { seen += inner.seen }
    for var one in inner.found {
      one.range = (frames.last?.source ?? one.range.lowerBound)..<Int.max
      one.isObfuscated = true
      found.append(one)
    }
    return value
  }
}
