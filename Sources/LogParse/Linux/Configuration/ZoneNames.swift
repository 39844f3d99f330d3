import Bytes

/// What is known of zones by their names (IANA's tz database, 2025), where the host's own `/etc/localtime` is not there to tell.
public enum ZoneNames {
  /// What somebody calls a zone, as an option: minutes east of UTC, or the rule of its summer time. Nil for what is neither
  /// a known name nor a rule.
  public static func option(_ text: String) -> String? {
    if let minutes = minutes(named: text) { return String(minutes) }
    guard let rule = rule(named: text) ?? PosixZoneRule(text) else { return nil }
    return rule.summer == nil ? String(rule.standard / 60) : rule.text
  }

  /// Zones whose offset has been one and the same since 1990 at least.
  static func minutes(named name: String) -> Int? {
    if let known = fixed[name] { return known }
    // POSIX has the sign turned: Etc/GMT-9 lies nine hours east.
    guard name.hasPrefix("Etc/GMT"), let hours = Int(name.dropFirst(7)), (-14...12).contains(hours) else { return nil }
    return -hours * 60
  }

  /// Zones with summer time, whose rules have been the same since 2012 at least.
  static func rule(named name: String) -> PosixZoneRule? { rules[name].flatMap { PosixZoneRule($0) } }

  private static let fixed: [String: Int] = [
    "UTC": 0, "Etc/UTC": 0, "Etc/UCT": 0, "UCT": 0, "Zulu": 0, "Etc/Zulu": 0, "Universal": 0, "GMT": 0, "Etc/GMT": 0,
    "Asia/Seoul": 540, "ROK": 540, "Asia/Tokyo": 540, "Japan": 540, "Asia/Singapore": 480, "Singapore": 480,
    "Asia/Shanghai": 480, "PRC": 480, "Asia/Hong_Kong": 480, "Hongkong": 480, "Asia/Taipei": 480, "Asia/Manila": 480,
    "Asia/Bangkok": 420, "Asia/Jakarta": 420, "Asia/Ho_Chi_Minh": 420, "Asia/Kolkata": 330, "Asia/Calcutta": 330,
    "Asia/Dubai": 240, "Asia/Riyadh": 180, "Africa/Nairobi": 180, "Africa/Johannesburg": 120, "Africa/Lagos": 60,
    "America/Phoenix": -420, "America/Bogota": -300, "Pacific/Honolulu": -600, "Australia/Brisbane": 600,
  ]

  private static let rules: [String: String] = {
    var rules: [String: String] = [
      "Europe/London": "GMT0BST,M3.5.0/1,M10.5.0", "GB": "GMT0BST,M3.5.0/1,M10.5.0",
      "Europe/Dublin": "GMT0IST,M3.5.0/1,M10.5.0", "Europe/Lisbon": "WET0WEST,M3.5.0/1,M10.5.0",
      "America/Halifax": "AST4ADT,M3.2.0,M11.1.0", "America/Anchorage": "AKST9AKDT,M3.2.0,M11.1.0",
      "America/St_Johns": "NST3:30NDT,M3.2.0,M11.1.0", "Australia/Adelaide": "ACST-9:30ACDT,M10.1.0,M4.1.0/3",
      "Pacific/Auckland": "NZST-12NZDT,M9.5.0,M4.1.0/3", "NZ": "NZST-12NZDT,M9.5.0,M4.1.0/3",
    ]
    let alike: [(rule: String, names: [String])] = [
      (
        "CET-1CEST,M3.5.0,M10.5.0/3",
        [
          "Europe/Amsterdam", "Europe/Belgrade", "Europe/Berlin", "Europe/Bratislava", "Europe/Brussels",
          "Europe/Budapest", "Europe/Copenhagen", "Europe/Ljubljana", "Europe/Luxembourg", "Europe/Madrid",
          "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna",
          "Europe/Warsaw", "Europe/Zagreb", "Europe/Zurich",
        ]
      ),
      (
        "EET-2EEST,M3.5.0/3,M10.5.0/4",
        [
          "Europe/Athens", "Europe/Bucharest", "Europe/Helsinki", "Europe/Kiev", "Europe/Kyiv", "Europe/Riga",
          "Europe/Sofia", "Europe/Tallinn", "Europe/Vilnius",
        ]
      ),
      (
        "EST5EDT,M3.2.0,M11.1.0",
        ["America/New_York", "America/Detroit", "America/Toronto", "America/Montreal", "US/Eastern", "EST5EDT"]
      ),
      ("CST6CDT,M3.2.0,M11.1.0", ["America/Chicago", "America/Winnipeg", "US/Central", "CST6CDT"]),
      ("MST7MDT,M3.2.0,M11.1.0", ["America/Denver", "America/Edmonton", "America/Boise", "US/Mountain", "MST7MDT"]),
      ("PST8PDT,M3.2.0,M11.1.0", ["America/Los_Angeles", "America/Vancouver", "US/Pacific", "PST8PDT"]),
      (
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        ["Australia/Sydney", "Australia/Melbourne", "Australia/Hobart", "Australia/Canberra"]
      ),
    ]
    for (rule, names) in alike { for name in names { rules[name] = rule } }
    return rules
  }()
}
