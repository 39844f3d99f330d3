import Bytes

/// Arrays whose elements are records, by the name of the member that holds them.
public enum JSONContainer: String, Sendable, CaseIterable {
  /// CloudTrail files, S3 notifications.
  case records = "Records"
  /// `get-findings` of GuardDuty and Security Hub.
  case findings = "Findings"
  /// `cloudtrail lookup-events`.
  case lookupEvents = "Events"
  /// CloudWatch Logs subscriptions.
  case logEvents
  /// `logs get-log-events`, `logs filter-log-events`.
  case events

  static func named(_ key: ByteView) -> JSONContainer? {
    switch key.count {
    case 6: key == "Events" ? .lookupEvents : key == "events" ? .events : nil
    case 7: key == "Records" ? .records : nil
    case 8: key == "Findings" ? .findings : nil
    case 9: key == "logEvents" ? .logEvents : nil
    default: nil
    }
  }
}

/// Finds the end of one JSON object whose bytes arrive in pieces, and notices early that it is broken.
///
/// Beyond counting brackets it knows three things no whole record does: a line break inside a string, a bracket that opens
/// where no value may stand, and nesting deeper than `JSONView` reads. They are what a record cut in the middle of a file
/// looks like once the next one begins.
struct JSONRecordScanner {
  enum Outcome {
    /// Not decided by these bytes.
    case more
    /// One past the object.
    case whole(Int)
    /// Where it cannot go on as JSON.
    case broken(Int)
    /// A member of the outermost object is an array of records; its bracket is here.
    case container(JSONContainer, Int)
  }

  /// Everything before this place has been looked at.
  private(set) var place = 0
  private var depth = 0
  private var previous: UInt8 = 0
  /// First byte of the string that is open; nil between strings.
  private var string: Int?
  private var key: JSONContainer?
  /// The first line break behind some earlier place, or `count` when the first `count` bytes had none there.
  private var lineBreak = Self.unknown
  /// The same for backslashes.
  private var backslash = Self.unknown
  private var count = 0
  private static let unknown = -2
  /// Where brackets of the object close, for whoever reads it.
  private var ends: JSONEnds?

  init(ends: JSONEnds? = nil) { self.ends = ends }

  /// Begins anew `number` bytes further on: at an object, or inside one behind a member. Keeps what is known of line
  /// breaks, so that a long line is not searched once for every record in it.
  mutating func restart(after number: Int, insideObject: Bool = false) {
    let known = (lineBreak: lineBreak - number, backslash: backslash - number)
    let rest = count - number
    self = JSONRecordScanner(ends: ends)
    ends?.begin()
    if rest >= 0 {
      count = rest
      if known.lineBreak >= 0 { lineBreak = known.lineBreak }
      if known.backslash >= 0 { backslash = known.backslash }
    }
    if insideObject { (depth, previous) = (1, 0x5D) }
  }

  /// - Parameter bytes: all bytes from the first on, more of them at every call.
  mutating func advance(_ bytes: ByteView) -> Outcome {
    if bytes.count > count {
      if lineBreak >= count { lineBreak = Self.unknown }
      if backslash >= count { backslash = Self.unknown }
      count = bytes.count
    }
    while place < bytes.count, place >= 0 {
      if string != nil {
        if let outcome = closeString(bytes) { return outcome }
      } else if let outcome = walk(bytes) {
        return outcome
      }
    }
    return .more
  }

  /// Goes on until something is decided, or to the first string that is not simply closed; nil then, and at the end.
  private mutating func walk(_ bytes: ByteView) -> Outcome? {
    let raw = bytes.unsafeBytes
    // The state lies in registers meanwhile.
    var (place, depth, previous) = (self.place, self.depth, self.previous)
    defer { (self.place, self.depth, self.previous) = (place, depth, previous) }
    while place < raw.count {
      let byte = raw[place]
      switch byte {
      case 0x22:
        if backslash < place { findBackslash(bytes, from: place) }
        if lineBreak < place { findLineBreak(bytes, from: place) }
        guard let quote = JSONView.quote(in: bytes, from: place + 1), quote < backslash, quote < lineBreak else {
          string = place
          place += 1
          return nil
        }
        if depth == 1, previous == 0x7B || previous == 0x2C {
          key = JSONContainer.named(bytes.slice(place + 1, quote))
        }
        ends?.string(place, quote + 1, hasEscapes: false)
        place = quote
        previous = byte
      case 0x7B, 0x5B:
        if depth > 0 {
          guard previous == 0x3A || previous == 0x2C || previous == 0x5B else { return .broken(place) }
          if byte == 0x5B, depth == 1, previous == 0x3A, let key { return .container(key, place) }
        }
        depth += 1
        if depth > JSONView.maximumDepth { return .broken(place) }
        ends?.open(place)
        previous = byte
      case 0x7D, 0x5D:
        depth -= 1
        ends?.close(place)
        if depth <= 0 { return .whole(place + 1) }
        previous = byte
      case 0x20, 0x0A, 0x0D, 0x09: break
      default: previous = byte
      }
      place += 1
    }
    return nil
  }

  /// Looks for the end of the open string; nil once it is found.
  private mutating func closeString(_ bytes: ByteView) -> Outcome? {
    let start = string ?? place
    findBackslash(bytes, from: start)
    while let quote = JSONView.quote(in: bytes, from: place) {
      place = quote + 1
      let hasEscapes = backslash < quote
      if hasEscapes {
        var slashes = 0
        while quote - 1 - slashes > start, bytes[quote - 1 - slashes] == 0x5C { slashes += 1 }
        guard slashes % 2 == 0 else { continue }
      }
      findLineBreak(bytes, from: start)
      if lineBreak < quote { return .broken(lineBreak) }
      ends?.string(start, quote + 1, hasEscapes: hasEscapes)
      if depth == 1, previous == 0x7B || previous == 0x2C {
        key = JSONContainer.named(bytes.slice(start + 1, quote))
      }
      previous = 0x22
      string = nil
      return nil
    }
    place = bytes.count
    findLineBreak(bytes, from: start)
    return lineBreak < bytes.count ? .broken(lineBreak) : .more
  }

  private mutating func findBackslash(_ bytes: ByteView, from start: Int) {
    if backslash < start { backslash = bytes.firstIndex(of: 0x5C, from: max(start, 0)) ?? bytes.count }
  }

  private mutating func findLineBreak(_ bytes: ByteView, from start: Int) {
    if lineBreak < start { lineBreak = bytes.firstIndex(of: 0x0A, from: max(start, 0)) ?? bytes.count }
  }

  /// Forgets what has been looked at, so that a record too long to keep can still be followed to its end.
  ///
  /// - Returns: how many bytes the caller drops from the front.
  mutating func forget(_ bytes: ByteView) -> Int {
    ends?.abandon()
    var number = place
    if let start = string {
      // An open string's bytes count again from here, so the run of backslashes before must be whole pairs.
      var slashes = 0
      while place - 1 - slashes > start, bytes[place - 1 - slashes] == 0x5C { slashes += 1 }
      number -= slashes % 2
      string = -1
    }
    place -= number
    lineBreak = Self.unknown
    backslash = Self.unknown
    count = 0
    return number
  }
}
