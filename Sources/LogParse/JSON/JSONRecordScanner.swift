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
  /// A Kubernetes list: `EventList`.
  case items

  static func named(_ key: ByteView) -> JSONContainer? {
    switch key.count {
    case 5: key == "items" ? .items : nil
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
/// Beyond counting brackets it knows four things no whole record does: a line break inside a string, a bracket that opens
/// where no value may stand, an object that opens where a member's name must, and nesting deeper than `JSONView` reads. They
/// are what a record cut in the middle of a file looks like once the next one begins.
struct JSONRecordScanner {
  enum Outcome {
    /// Not decided by these bytes.
    case more
    /// One past the object.
    case whole(Int)
    /// Where it cannot go on as JSON.
    case broken(Int)
    /// An object opens here behind a comma, where only a member's name may stand: the next record, and this one lacks its end.
    case next(Int)
    /// A member of the outermost object is an array of records; its bracket is here.
    case container(JSONContainer, Int)
  }

  /// Everything before this place has been looked at.
  private(set) var place = 0
  private var depth = 0
  /// Which of the open brackets are objects', the innermost in the lowest bit. Of more than 64 the outermost count as arrays,
  /// in which nothing is amiss.
  private var objects: UInt64 = 0
  private var previous: UInt8 = 0
  /// First byte of the string that is open; nil between strings.
  private var string: Int?
  private var key: JSONContainer?
  private var lineBreak = NextByte(0x0A)
  private var backslash = NextByte(0x5C)
  private var count = 0
  /// Where brackets of the object close, for whoever reads it.
  private var ends: JSONEnds?

  init(ends: JSONEnds? = nil) { self.ends = ends }

  /// Begins anew `number` bytes further on: at an object, or inside one behind a member. Keeps what is known of line
  /// breaks, so that a long line is not searched once for every record in it.
  mutating func restart(after number: Int, insideObject: Bool = false) {
    let known = (lineBreak.moved(by: number), backslash.moved(by: number), count - number)
    self = JSONRecordScanner(ends: ends)
    ends?.begin()
    if known.2 >= 0 { (lineBreak, backslash, count) = known }
    if insideObject { (depth, objects, previous) = (1, 1, 0x5D) }
  }

  /// - Parameter bytes: all bytes from the first on, more of them at every call.
  mutating func advance(_ bytes: ByteView) -> Outcome {
    if bytes.count > count {
      lineBreak.forget(from: count)
      backslash.forget(from: count)
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
    var (place, depth, objects, previous) = (self.place, self.depth, self.objects, self.previous)
    defer { (self.place, self.depth, self.objects, self.previous) = (place, depth, objects, previous) }
    while place < raw.count {
      let byte = raw[place]
      switch byte {
      case 0x22:
        guard let quote = JSONView.quote(in: bytes, from: place + 1), quote < backslash.place(in: bytes, from: place),
          quote < lineBreak.place(in: bytes, from: place)
        else {
          string = place
          place += 1
          return nil
        }
        note(bytes, place..<quote, depth, previous, hasEscapes: false)
        place = quote
        previous = byte
      case 0x7B, 0x5B:
        if depth > 0 {
          guard previous == 0x3A || previous == 0x2C || previous == 0x5B else { return .broken(place) }
          if previous == 0x2C, objects & 1 != 0 { return byte == 0x7B ? .next(place) : .broken(place) }
          if byte == 0x5B, depth == 1, previous == 0x3A, let key { return .container(key, place) }
        }
        objects = objects << 1 | (byte == 0x7B ? 1 : 0)
        depth += 1
        if depth > JSONView.maximumDepth { return .broken(place) }
        ends?.open(place)
        previous = byte
      case 0x7D, 0x5D:
        depth -= 1
        objects >>= 1
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
    let escape = backslash.place(in: bytes, from: start)
    let end = lineBreak.place(in: bytes, from: start)
    while let quote = JSONView.quote(in: bytes, from: place) {
      place = quote + 1
      let hasEscapes = escape < quote
      if hasEscapes {
        var slashes = 0
        while quote - 1 - slashes > start, bytes[quote - 1 - slashes] == 0x5C { slashes += 1 }
        guard slashes % 2 == 0 else { continue }
      }
      if end < quote { return .broken(end) }
      note(bytes, start..<quote, depth, previous, hasEscapes: hasEscapes)
      previous = 0x22
      string = nil
      return nil
    }
    place = bytes.count
    return end < bytes.count ? .broken(end) : .more
  }

  /// - Parameter string: from its opening quote to the closing one.
  @inline(__always)
  private mutating func note(
    _ bytes: ByteView, _ string: Range<Int>, _ depth: Int, _ previous: UInt8, hasEscapes: Bool
  ) {
    ends?.string(string.lowerBound, string.upperBound + 1, hasEscapes: hasEscapes)
    if depth == 1, previous == 0x7B || previous == 0x2C {
      key = JSONContainer.named(bytes.slice(string.lowerBound + 1, string.upperBound))
    }
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
    lineBreak = NextByte(0x0A)
    backslash = NextByte(0x5C)
    count = 0
    return number
  }
}

/// Where a byte stands next, looked for once for all that is asked before it.
private struct NextByte {
  private let byte: UInt8
  /// Between these places there is none but at the second, which is the end of all bytes where there is none at all.
  private var from = 0
  private var found = -1

  init(_ byte: UInt8) { self.byte = byte }

  /// The first place at or after another; the number of bytes where there is none.
  @inline(__always)
  mutating func place(in bytes: ByteView, from start: Int) -> Int {
    let start = max(start, 0)
    if start > found {
      from = start
      found = bytes.firstIndex(of: byte, from: start) ?? bytes.count
    } else if start < from {
      // Damage makes the same bytes be read again, and again: what is known of those further on is not looked for anew.
      if let place = bytes.slice(start, from).firstIndex(of: byte) { found = start + place }
      from = start
    }
    return found
  }

  /// What is known where bytes are counted from further on; the place before the first is never asked for.
  func moved(by number: Int) -> NextByte {
    var moved = self
    moved.from -= number
    moved.found = max(found - number, -1)
    return moved
  }

  /// More bytes have come behind so many.
  mutating func forget(from count: Int) {
    if found >= count { found = -1 }
  }
}
