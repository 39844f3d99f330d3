import Evidence
import LogParse

/// What the hosts of a case say of their own clocks: when the captures were made, and in which zone local times are.
///
/// A host's statement holds for what lies near it: for paths with the same instance in them, else for those that share the
/// longest way from the source's root. Where two statements are as near and differ, neither is used.
struct HostClocks {
  private struct Statement {
    var path: [Substring]
    var instance: Substring?
    /// East of UTC.
    var minutes: Int64?
    /// The same outside summer time, of a zone that has it and whose clock nobody has told.
    var standard: Int64?
    /// Of a zone that has summer time, as POSIX writes it.
    var rule: String?
    /// Nanoseconds since 1970.
    var clock: Int64?
  }

  private var statements: [Statement] = []
  /// Folders in which a zone other than UTC is told.
  private var zoned: Set<[Substring]> = []
  /// A case has a few for each host; a flood of them says nothing.
  private static let limit = 10_000

  /// Takes an event of a format that tells the clock.
  mutating func take(_ event: Event, of path: String) {
    guard statements.count < Self.limit, event.dataType == "linux:host:clock" || event.dataType == "linux:host:zone"
    else { return }
    // What the collector's own commands printed; a date in a file of the host's disk is of any time.
    if event.dataType == "linux:host:clock", !CapturePlace.tellsClock(path) { return }
    func minutes(_ name: String) -> Int64? { event.integer(name).flatMap { (-1440...1440).contains($0) ? $0 : nil } }
    let standard = minutes("standard_minutes")
    let minutes = minutes("zone_minutes")
    if let minutes, minutes != 0 { zoned.insert(Self.parts(path)) }
    statements.append(
      Statement(
        path: Self.parts(path), instance: Self.instance(path), minutes: minutes, standard: standard,
        rule: event.text("zone_rule"), clock: event.dataType == "linux:host:clock" ? event.time?.nanoseconds : nil))
  }

  /// Minutes east of UTC of local times in the file.
  ///
  /// Any host tells UTC when it is asked for (`date -u`): beside another zone in the same folder it says nothing.
  /// Where only a zone with summer time is known, its standard time is at most an hour off.
  func zone(of path: String) -> Int64? {
    nearest(path, { $0.minutes == 0 && zoned.contains($0.path) ? nil : $0.minutes }) { $0 == $1 }
      ?? nearest(path, \.standard) { $0 == $1 }
  }

  /// The zone of local times in the file, as the option of a unit: minutes east of UTC or, where it has summer time, its rule; nil
  /// where it is UTC or nobody says.
  func zoneOption(of path: String) -> String? {
    let minutes = zone(of: path)
    if let text = nearest(path, \.rule, ==), let rule = PosixZoneRule(text),
      minutes.map({ rule.has(offset: Int($0) * 60) }) ?? true
    {
      return text
    }
    return minutes.flatMap { $0 == 0 ? nil : String($0) }
  }

  /// When the host's captures were made. Several commands of one collection are within minutes: the latest of them.
  func collected(of path: String) -> Int64? {
    nearest(path, \.clock) { $0.subtractingReportingOverflow($1).partialValue.magnitude < 86_400_000_000_000 }
  }

  private func nearest<Value: Comparable>(
    _ path: String, _ value: (Statement) -> Value?, _ agree: (Value, Value) -> Bool
  ) -> Value? {
    let parts = Self.parts(path)
    let instance = Self.instance(path)
    var best: (nearness: Int, low: Value, high: Value)?
    for statement in statements {
      guard let value = value(statement) else { continue }
      // Another instance's clock says nothing of this one.
      if let instance, let other = statement.instance, instance != other { continue }
      var nearness = zip(parts, statement.path).prefix { $0 == $1 }.count
      if let instance, instance == statement.instance { nearness += 1000 }
      guard let known = best, known.nearness >= nearness else {
        best = (nearness, value, value)
        continue
      }
      if known.nearness == nearness { best = (nearness, min(known.low, value), max(known.high, value)) }
    }
    return best.flatMap { agree($0.high, $0.low) ? $0.high : nil }
  }

  private static func parts(_ path: String) -> [Substring] { path.split(separator: "/").dropLast() }

  /// An EC2 instance's id, wherever in the path it stands.
  private static func instance(_ path: String) -> Substring? {
    var place = path.startIndex
    while let found = path[place...].firstRange(of: "i-") {
      let isBegin = found.lowerBound == path.startIndex || !path[path.index(before: found.lowerBound)].isLetter
      let digits = path[found.upperBound...].prefix { $0.isHexDigit }
      if isBegin, digits.utf8.count == 8 || digits.utf8.count == 17 { return path[found.lowerBound..<digits.endIndex] }
      place = found.upperBound
    }
    return nil
  }
}
