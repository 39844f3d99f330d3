import Evidence

/// Finds scripts that came into a web root later than what they lie among: a deployment writes all its files at one time, an
/// intruder adds one.
struct WebRootReview {
  /// Newer than its neighbours by this much counts as added: deployments take minutes.
  private static let distance: Int64 = 3600 * 1_000_000_000
  /// What is as old as most of the files around it came with them.
  private static let together: Int64 = 10 * 60 * 1_000_000_000

  private struct Root {
    var times: [Int64] = []
  }

  private let windows: [ClosedRange<Timestamp>]
  private var medians: [String: (median: Int64, count: Int)] = [:]

  init(_ files: [FileFact], _ windows: [ClosedRange<Timestamp>]) {
    self.windows = windows
    var roots: [String: [Int64]] = [:]
    for file in files where file.isRegular {
      guard let root = Self.root(file.path), let time = Self.written(file) else { continue }
      roots[root, default: []].append(time.nanoseconds)
    }
    for (root, times) in roots {
      let sorted = times.sorted()
      medians[root] = (sorted[sorted.count / 2], sorted.count)
    }
  }

  /// Where a web server looks: `/opt/tomcat/webapps/ROOT`, `/var/www/html`; nil outside of one.
  static func root(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    for (place, part) in parts.enumerated().dropLast() {
      switch part {
      // Each application below is deployed by itself.
      case "webapps", "deployments": return "/" + parts[...min(place + 1, parts.count - 2)].joined(separator: "/")
      case "htdocs", "wwwroot", "public_html", "webroot": return "/" + parts[...place].joined(separator: "/")
      case "www" where place > 0 && (parts[place - 1] == "var" || parts[place - 1] == "srv"):
        return "/" + parts[...place].joined(separator: "/")
      case "html" where place > 0 && (parts[place - 1] == "nginx" || parts[place - 1] == "apache2"):
        return "/" + parts[...place].joined(separator: "/")
      default: continue
      }
    }
    return nil
  }

  private static func written(_ file: FileFact) -> Timestamp? {
    file.times.filter { $0.meaning != .change }.map(\.time).min() ?? file.times.map(\.time).min()
  }

  /// What a web server runs when it is asked for.
  private static let scripts: Set<String> = [
    "jsp", "jspx", "jspf", "war", "php", "php3", "php5", "phtml", "phar", "asp", "aspx", "ashx", "cgi", "pl", "py",
    "sh",
    "cfm", "class",
  ]

  func finding(_ file: FileFact) -> Finding? {
    guard let root = Self.root(file.path), let dot = file.path.lastIndex(of: "."),
      Self.scripts.contains(file.path[file.path.index(after: dot)...].lowercased())
    else { return nil }
    let during = file.times.filter { windows.hold($0.time) }
      .min { ($0.time, $0.meaning.rawValue) < ($1.time, $1.meaning.rawValue) }
    if let during {
      return FileReview.finding(
        "file.web-root-drop", "A script came into a web root during the incident",
        isDeployed(file, root) ? .low : .high,
        ["T1505.003"], file, during, "\(file.path) lies where a web server runs it", isTimeKnown: true)
    }
    guard let written = Self.written(file), let (median, count) = medians[root], count >= 3,
      case let (later, over) = written.nanoseconds.subtractingReportingOverflow(median), !over, later > Self.distance
    else { return nil }
    return FileReview.finding(
      "file.web-root-newer", "A script is newer than the web application around it", .medium, ["T1505.003"], file, nil,
      "\(file.path) was written at \(written), \(later / 3_600_000_000_000) hours after most of the \(count) files in \(root)",
      isTimeKnown: !windows.isEmpty)
  }

  /// Whether a whole application was put there at the time.
  private func isDeployed(_ file: FileFact, _ root: String) -> Bool {
    guard let written = Self.written(file), let (median, count) = medians[root], count >= 10,
      case let (distance, over) = written.nanoseconds.subtractingReportingOverflow(median), !over
    else { return false }
    return distance.magnitude <= UInt64(Self.together)
  }
}
