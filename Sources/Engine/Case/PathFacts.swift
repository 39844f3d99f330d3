import Bytes
import Evidence
import LogParse

/// What a path says about the file: the collector's layout is `{instance}/{YYYY-MM-DD_HH:MM:SS}/{memory,command}/…`, the time in
/// Korean time without saying so.
public enum PathFacts {
  /// Minutes east of UTC of the collector's own clock.
  static let collectorZone = 540

  /// The options of an artifact's triage: the end of its path, and the time of its collection where the path has it.
  static func options(path: String) -> [String: String] {
    let parts = path.split(separator: "/")
    // A home directory's owner stands at most this far from the end (`home/ops/.config/systemd/user/x.service`).
    var options = ["path": parts.suffix(6).joined(separator: "/")]
    for part in parts {
      guard let time = collectionTime(part) else { continue }
      options["collected"] = String(time.nanoseconds)
    }
    return options
  }

  /// Where the file lay on the machine it comes from: the place in the archive or in a collector's copy of the root; else the
  /// path as the source has it.
  static func hostPath(_ path: String) -> String {
    var rest = Substring(path)
    if let inner = rest.ranges(of: "!/").last { rest = rest[inner.upperBound...] }
    if let root = rest.ranges(of: "[root]/").last { rest = rest[root.upperBound...] }
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    guard rest.count < path.count else { return path }
    return rest.hasPrefix("/") ? String(rest) : "/" + rest
  }

  /// `2026-11-25_14:25:29`
  public static func collectionTime(_ text: Substring) -> Timestamp? {
    guard text.utf8.count == 19, text.dropFirst(10).first == "_" else { return nil }
    return String(text).replacing("_", with: "T").withView {
      Timestamp(iso8601: $0, assuming: .inferred(collectorZone))
    }
  }

  /// Where distributions put programs and libraries, and nobody else puts anything.
  static func isProgramFile(_ path: String) -> Bool {
    ["/usr/lib", "/usr/bin/", "/usr/sbin/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/usr/share/"].contains {
      path.hasPrefix($0)
    }
  }

  /// - Parameter options: `zone` is a number of minutes east of UTC or, of a zone with summer time, its rule.
  static func context(_ options: [String: String]) -> ParseContext {
    let collected = options["collected"].flatMap(Int64.init).map {
      Timestamp(nanoseconds: $0, precision: .second, zone: .inferred(collectorZone))
    }
    let minutes = options["zone"].flatMap(Int.init)
    let rule = minutes == nil ? options["zone"].flatMap { PosixZoneRule($0) } : nil
    let offset = rule.map { rule in
      collected.map { rule.offset(at: $0.nanoseconds / 1_000_000_000) } ?? rule.standard
    }
    return ParseContext(
      path: options["path"] ?? "", zone: .inferred(minutes ?? offset.map { $0 / 60 } ?? 0), summerTime: rule,
      collected: collected)
  }
}
