import Bytes
import Evidence

/// `/etc/timezone`: the host's zone by its name (`Asia/Seoul`).
struct ZoneNameFormat: LogFormat {
  let name = "linux.timezone"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count <= 128, sample.name == "timezone" || sample.name == "timezone.txt",
      let line = sample.lines(2).first, sample.lines(2).count == 1
    else { return nil }
    return Self.isName(line.trimmed) ? .high : nil
  }

  private static func isName(_ text: ByteView) -> Bool {
    guard (3...64).contains(text.count), (0x41...0x5A).contains(text[0]) else { return false }
    for index in 0..<text.count {
      switch text[index] {
      case 0x2B, 0x2D, 0x2F, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      default: return false
      }
    }
    return true
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      guard Self.isName(text) else { return .skipped("line is not the name of a zone") }
      sink.event(HostZone.event(name: text.string, minutes: HostZone.minutes(named: text.string), line.locator))
      return .parsed
    }
  }
}

/// What the host says of its own zone: an event `linux:host:zone` with `zone` and, where it is known, `zone_minutes` east of
/// UTC at the time of the capture.
enum HostZone {
  ///
  /// - Parameter rule: its summer time, if it has one: `standard_minutes` then stands for the offset where nobody knows of when
  ///   the capture is.
  static func event(name: String, minutes: Int?, rule: PosixZoneRule? = nil, _ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    attributes.add("zone", name)
    attributes.add("zone_minutes", minutes.map { Int64($0) })
    var message = "The host's zone is \(name)\(minutes.map { ", \($0) minutes east of UTC" } ?? "")."
    if let rule, let summer = rule.summer {
      attributes.add("standard_minutes", Int64(rule.standard / 60))
      attributes.add("summer_minutes", Int64(summer.offset / 60))
      message += " It has summer time; local times are read with one offset all year."
    }
    return Event(
      time: nil, dataType: "linux:host:zone", message: message, attributes: attributes,
      locator: locator)
  }

  /// Zones whose offset has been one and the same since 1990 at least (IANA's tz database), so that it is known without the
  /// rules; of others the host's own `/etc/localtime` tells.
  static func minutes(named name: String) -> Int? {
    if let known = fixed[name] { return known }
    // POSIX has the sign turned: Etc/GMT-9 lies nine hours east.
    guard name.hasPrefix("Etc/GMT"), let hours = Int(name.dropFirst(7)), (-14...12).contains(hours) else { return nil }
    return -hours * 60
  }

  private static let fixed: [String: Int] = [
    "UTC": 0, "Etc/UTC": 0, "Etc/UCT": 0, "UCT": 0, "Zulu": 0, "Etc/Zulu": 0, "Universal": 0, "GMT": 0, "Etc/GMT": 0,
    "Asia/Seoul": 540, "ROK": 540, "Asia/Tokyo": 540, "Japan": 540, "Asia/Singapore": 480, "Singapore": 480,
    "Asia/Shanghai": 480, "PRC": 480, "Asia/Hong_Kong": 480, "Hongkong": 480, "Asia/Taipei": 480, "Asia/Manila": 480,
    "Asia/Bangkok": 420, "Asia/Jakarta": 420, "Asia/Ho_Chi_Minh": 420, "Asia/Kolkata": 330, "Asia/Calcutta": 330,
    "Asia/Dubai": 240, "Asia/Riyadh": 180, "Africa/Nairobi": 180, "Africa/Johannesburg": 120, "Africa/Lagos": 60,
    "America/Phoenix": -420, "America/Bogota": -300, "Pacific/Honolulu": -600, "Australia/Brisbane": 600,
  ]
}
