import Bytes
import Evidence
import Foundation

/// What a rule asks of one value.
enum SigmaTest: Hashable, Sendable {
  case text(SigmaGlob)
  case regex(SigmaRegex)
  case number(YaraNeed.Comparison, SigmaNumber)
  case network(AddressRange)
  /// A field that is missing or has no value: null in a record, or a list of nothing. An empty text is a value.
  case null
  case exists(Bool)
  /// Another field's value, as a whole or at an end.
  case field(String, atStart: Bool, atEnd: Bool, isCased: Bool)
  case time(TimePart, YaraNeed.Comparison, Double)

  /// Parts of a point in time, as the specification's modifiers name them. Always in UTC: `11:30+02:00` is hour 9, and a time
  /// without a zone is taken as UTC. The specification leaves zones out, and sources of one case write different ones.
  enum TimePart: String, Sendable, CaseIterable {
    case minute, hour, day, week, month, year

    /// What it may be; of years those that a time can be told of.
    var range: ClosedRange<Double> {
      switch self {
      case .minute: 0...59
      case .hour: 0...23
      case .day: 1...31
      case .week: 1...53
      case .month: 1...12
      case .year: 1...9999
      }
    }
  }
}

/// A value of a record in both forms that rules compare.
struct SigmaValue: Hashable, Sendable {
  let text: String
  let folded: String

  init(_ text: String) {
    self.text = text
    folded = SigmaGlob.folded(text)
  }
}

/// Where a test looks its fields up.
protocol SigmaFields {
  /// nil where the record has no such field; nothing where it is there without a value.
  func values(_ field: String) -> [SigmaValue]?
}

extension SigmaTest {
  /// Whether it holds for one value of a field that is there.
  func holds(_ value: SigmaValue, _ record: some SigmaFields) -> Bool {
    switch self {
    case .text(let glob): return (glob.isCased ? value.text : value.folded).withView { glob.matches($0) }
    case .regex(let regex): return value.text.withView { regex.matches($0) }
    case .number(let how, let limit):
      guard let number = SigmaNumber(value.text) else { return false }
      return number.holds(how, limit)
    case .network(let range): return range.contains(value.text)
    case .null: return false
    case .exists(let wanted): return wanted
    case .field(let name, let atStart, let atEnd, let isCased):
      return (record.values(name) ?? []).contains { other in
        var glob = SigmaGlob(isCased ? other.text : other.folded, isCased: isCased, hasWildcards: false)
        glob.open(atStart: atStart, atEnd: atEnd)
        return (isCased ? value.text : value.folded).withView { glob.matches($0) }
      }
    case .time(let part, let how, let limit):
      guard let time = Timestamp(iso8601: value.text) else { return false }
      return Self.compare(Double(Self.part(part, of: time)), how, limit)
    }
  }

  static func compare<Number: Comparable>(_ left: Number, _ how: YaraNeed.Comparison, _ right: Number) -> Bool {
    switch how {
    case .equal: left == right
    case .unequal: left != right
    case .less: left < right
    case .more: left > right
    case .atMost: left <= right
    case .atLeast: left >= right
    }
  }

  private static func part(_ part: TimePart, of time: Timestamp) -> Int {
    let (year, month, day) = time.date
    let seconds = time.microseconds / 1_000_000 - (time.microseconds % 1_000_000 < 0 ? 1 : 0)
    let ofDay = Int(((seconds % 86400) + 86400) % 86400)
    switch part {
    case .minute: return ofDay / 60 % 60
    case .hour: return ofDay / 3600
    case .day: return day
    case .month: return month
    case .year: return year
    case .week: return week(seconds: seconds, year: year)
    }
  }

  /// The week of ISO 8601: it belongs to the year in which its Thursday lies.
  private static func week(seconds: Int64, year: Int) -> Int {
    let days = Int((seconds - ((seconds % 86400) + 86400) % 86400) / 86400)
    // 1970-01-01 was a Thursday; Monday is 0.
    let weekday = (((days + 3) % 7) + 7) % 7
    let thursday = days - weekday + 3
    let (yearOfThursday, _, _) = Timestamp(seconds: Int64(thursday) * 86400)?.date ?? (year, 1, 1)
    let first = Timestamp(year: yearOfThursday, month: 1, day: 1)?.microseconds ?? 0
    return (thursday - Int(first / 86_400_000_000)) / 7 + 1
  }
}

/// A network in CIDR notation, IPv4 or IPv6.
struct AddressRange: Hashable, Sendable {
  private let prefix: [UInt8]
  private let bits: Int

  /// `10.0.0.0/8`, `fe80::/10`; an address alone is a network of one. nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first, let bytes = Self.bytes(String(first)) else { return nil }
    let wanted = parts.count == 2 ? Int(parts[1]) : bytes.count * 8
    guard let wanted, wanted >= 0, wanted <= bytes.count * 8 else { return nil }
    prefix = bytes
    bits = wanted
  }

  func contains(_ address: String) -> Bool {
    guard let bytes = Self.bytes(address), bytes.count == prefix.count else { return false }
    for index in 0..<bytes.count {
      let left = min(max(bits - index * 8, 0), 8)
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> left)
      if (bytes[index] ^ prefix[index]) & mask != 0 { return false }
    }
    return true
  }

  /// Four or sixteen bytes; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is IPv4.
  static func bytes(_ text: String) -> [UInt8]? {
    if !text.contains(":") { return four(text[...]) }
    var text = text[...]
    if text.first == "[", text.last == "]" { text = text.dropFirst().dropLast() }
    if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
    var tail: [UInt8] = []
    if let colon = text.lastIndex(of: ":"), text[colon...].contains(".") {
      guard let last = four(text[text.index(after: colon)...]) else { return nil }
      tail = last
      // The colon before it ends a group, or is the second of `::`.
      text = text[..<colon].hasSuffix(":") ? text[...colon] : text[..<colon]
    }
    // At most one `::`, which stands for as many zeros as are missing.
    let halves: [Substring]
    if let gap = text.range(of: "::") {
      halves = [text[..<gap.lowerBound], text[gap.upperBound...]]
    } else {
      halves = [text]
    }
    var parsed: [[UInt8]] = []
    for half in halves {
      var bytes: [UInt8] = []
      for group in half.split(separator: ":", omittingEmptySubsequences: false) where !half.isEmpty {
        guard (1...4).contains(group.utf8.count), group.first != "+", let number = UInt16(group, radix: 16) else {
          return nil
        }
        bytes += [UInt8(number >> 8), UInt8(number & 255)]
      }
      parsed.append(bytes)
    }
    parsed[parsed.count - 1] += tail
    let count = parsed.joined().count
    guard parsed.count == 2 ? count <= 14 : count == 16 else { return nil }
    let bytes = parsed.count == 2 ? parsed[0] + [UInt8](repeating: 0, count: 16 - count) + parsed[1] : parsed[0]
    if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes.suffix(4)) }
    return bytes
  }

  private static func four(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.utf8.count <= 3, let byte = UInt8(part), part.first != "+" else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension Double {
  /// A decimal number. Words for infinity and hexadecimal are texts: what is compared is often an attacker's to write.
  init?(sigma text: String) {
    let isDecimal = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
      default: false
      }
    }
    guard isDecimal, let number = Double(text), number.isFinite else { return nil }
    self = number
  }
}
