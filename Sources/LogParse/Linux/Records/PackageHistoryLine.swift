import Bytes
import Evidence

/// A line of zypper's history (`/var/log/zypp/history`) or of pacman's log.
struct PackageHistoryLine {
  private let time: Timestamp?
  private let action: String
  private let subject: String
  private var versions: (before: String?, after: String?)
  private var user: String?
  private let isCommand: Bool

  // 2026-11-25 05:20:12|install|nmap|7.92-1|x86_64|root@web-1|repo-oss|…|      2026-11-25 05:20:12|command|root@web-1|'zypper' 'in' 'nmap'|
  // [2026-11-25T05:20:12+0000] [ALPM] upgraded bash (5.1-1 -> 5.2-1)           [2026-11-25 05:20] [PACMAN] Running 'pacman -S nmap'
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    if line[19] == 0x7C, line[4] == 0x2D, let time = Timestamp(iso8601: line.slice(0, 19), assuming: zone) {
      self.init(zypper: line.slice(20), at: time)
    } else if line[0] == 0x5B, let close = line.slice(0, 32).firstIndex(of: 0x5D),
      case let rest = line.slice(close + 1).trimmed, rest.hasPrefix("[ALPM] ") || rest.hasPrefix("[PACMAN] ")
    {
      self.init(pacman: rest, at: Self.time(line.slice(1, close), zone))
    } else {
      return nil
    }
  }

  private static func time(_ text: ByteView, _ zone: Timestamp.Zone) -> Timestamp? {
    if text.count > 16 { return Timestamp(iso8601: text, assuming: zone) }
    guard let (date, clock) = text.cut(0x20), let day = NumericDate(date), let found = CivilTime.timeOfDay(clock) else {
      return nil
    }
    var time = day.civil(.monthFirst)
    (time.hour, time.minute, time.precision) = (found.hour, found.minute, .minute)
    return time.timestamp(zone)
  }

  private init?(zypper text: ByteView, at time: Timestamp) {
    let cells = text.split(0x7C, limit: 12).map(\.trimmed)
    guard cells.count >= 3 else { return nil }
    self.time = time
    isCommand = cells[0] == "command"
    if isCommand {
      action = "zypper"
      user = cells[1].string
      subject = cells[2].string
      versions = (nil, nil)
      return
    }
    guard cells.count >= 4, cells[0] == "install" || cells[0] == "remove" else { return nil }
    action = cells[0] == "install" ? "installed" : "removed"
    subject = cells[1].string
    let version = cells[2].string
    versions = cells[0] == "install" ? (nil, version) : (version, nil)
    user = cells.count > 4 && cells[4].firstIndex(of: 0x40) != nil ? cells[4].string : nil
  }

  private init?(pacman text: ByteView, at time: Timestamp?) {
    self.time = time
    versions = (nil, nil)
    if text.hasPrefix("[PACMAN] Running '"), let end = text.lastIndex(of: 0x27), end > 18 {
      isCommand = true
      action = "pacman"
      subject = text.slice(18, end).string
      return
    }
    guard let (word, rest) = text.slice(7).cut(0x20), let name = Self.actions[word.string],
      let (package, version) = rest.cut(0x20), version[0] == 0x28, version[version.count - 1] == 0x29
    else { return nil }
    isCommand = false
    action = name
    subject = package.string
    let inner = version.slice(1, version.count - 1)
    if let arrow = inner.firstIndex(of: ByteView(" -> ")) {
      versions = (inner.slice(0, arrow).string, inner.slice(arrow + 4).string)
    } else {
      versions = name == "removed" ? (inner.string, nil) : (nil, inner.string)
    }
  }

  private static let actions = [
    "installed": "installed", "removed": "removed", "upgraded": "upgraded", "downgraded": "downgraded",
    "reinstalled": "reinstalled",
  ]

  /// Lines of either log that tell of no package: zypper's comments and repositories, pacman's warnings and steps.
  static func isRemark(_ line: ByteView) -> Bool {
    // zypper keeps what a package's own scripts print as comments.
    if line[0] == 0x23, line[1] == 0x20 { return true }
    if line[19] == 0x7C, line[4] == 0x2D { return Timestamp(iso8601: line.slice(0, 19)) != nil }
    guard line[0] == 0x5B, let close = line.slice(0, 32).firstIndex(of: 0x5D) else { return false }
    let rest = line.slice(close + 1).trimmed
    return rest.hasPrefix("[ALPM") || rest.hasPrefix("[PACMAN] ")
  }

  func event(_ locator: Locator) -> Event {
    if isCommand {
      var attributes: [Attribute] = [Attribute("command", subject)]
      attributes.add("requested_by", user)
      return Event(
        time: time, .start, dataType: "linux:package:transaction", message: "\(action) was run: \(subject)",
        attributes: attributes, locator: locator)
    }
    var attributes: [Attribute] = [Attribute("action", action), Attribute("package", subject)]
    attributes.add("version_before", versions.before)
    attributes.add("version_after", versions.after)
    attributes.add("requested_by", user)
    return Event(
      time: time, dataType: "linux:package:change", message: "Package \(subject) was \(action).",
      attributes: attributes, locator: locator)
  }
}
