import Bytes
import Evidence

/// What a package manager says of files that are not as they were installed: `rpm -Va`, `dpkg -V` and `debsums`. A program of the
/// system whose digest differs was replaced, or patched.
struct PackageVerifyFormat: LogFormat {
  let name = "capture.package_verify"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    let rows = lines.count { PackageVerifyRow($0) != nil }
    guard rows > 0, rows + lines.count(where: Self.isRemark) == lines.count else { return nil }
    return .high
  }

  /// What rpm says of packages as a whole, and prelink of programs.
  private static func isRemark(_ line: ByteView) -> Bool {
    line.hasPrefix("Unsatisfied dependencies for ") || line[0] == 0x09 && line.contains(" is needed by (installed) ")
      || line.hasPrefix("prelink: ") || line.hasPrefix("debsums: no md5sums for ") || line.hasPrefix("warning: ")
      || line.hasPrefix("error: ") || line.hasPrefix("package ") && line.hasSuffix(" is not installed")
      || CommandMessage.reason(line) != nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if let row = PackageVerifyRow(line.bytes) {
        sink.event(row.event(line.locator))
        return .parsed
      }
      return Self.isRemark(line.bytes) ? .parsed : .skipped("line is not of a package's verification")
    }
  }
}

/// A file that was looked at. Valid while the line is.
struct PackageVerifyRow {
  private var path: ByteView
  private var state: StaticString
  private var differences: [String] = []
  private var unread: [String] = []
  private var kind: String?
  private var package: ByteView?

  // S.5....T.  c /etc/ssh/sshd_config        ??5??????   /usr/sbin/sshd        missing     /bin/netstat (Permission denied)
  // /usr/sbin/sshd                       FAILED        debsums: changed file /usr/bin/ss (from iproute2 package)
  init?(_ line: ByteView) {
    if line.hasPrefix("missing  ") {
      state = "missing"
      path = line.slice(7).trimmed
    } else if line.hasPrefix("debsums: ") {
      let rest = line.slice(9)
      guard rest.hasPrefix("changed file ") || rest.hasPrefix("missing file "),
        let place = rest.lastIndexOf(ByteView(" (from ")), rest.hasSuffix(" package)")
      else { return nil }
      state = rest[0] == 0x63 ? "changed" : "missing"
      path = rest.slice(13, place)
      package = rest.slice(place + 7, rest.count - 9)
      if rest[0] == 0x63 { differences = ["digest"] }
      guard path[0] == 0x2F else { return nil }
      return
    } else if line[0] == 0x2F {
      guard let blank = line.lastIndex(of: 0x20), line[blank - 1] == 0x20 else { return nil }
      switch line.slice(blank + 1) {
      case "OK": state = "unchanged"
      case "FAILED":
        state = "changed"
        differences = ["digest"]
      case "REPLACED": state = "replaced"
      default: return nil
      }
      path = line.slice(0, blank).trimmed
      return
    } else {
      // Eight letters before rpm 4.7, nine since.
      let length = line[8] == 0x20 ? 8 : 9
      guard line[length] == 0x20 else { return nil }
      state = "changed"
      path = line.slice(length).trimmed
      for (place, (letter, name)) in zip(0..<length, Self.letters) {
        switch line[place] {
        case 0x2E: continue
        case 0x3F: unread.append(name)
        case letter: differences.append(name)
        default: return nil
        }
      }
      guard !differences.isEmpty || !unread.isEmpty else { return nil }
      // dpkg asks of the digest alone.
      if unread.count == 8 { unread = [] }
    }
    if path[1] == 0x20, let name = Self.kinds[path[0]] {
      kind = name
      path = path.slice(2).trimmed
    }
    guard path[0] == 0x2F else { return nil }
    if path.hasSuffix(" (Permission denied)") {
      state = "unreadable"
      path = path.slice(0, path.count - 20)
    }
  }

  private static let letters: [(UInt8, String)] = [
    (0x53, "size"), (0x4D, "mode"), (0x35, "digest"), (0x44, "device"), (0x4C, "link"), (0x55, "user"),
    (0x47, "group"), (0x54, "time"), (0x50, "capabilities"),
  ]

  private static let kinds: [UInt8: String] = [
    0x63: "configuration", 0x64: "documentation", 0x67: "ghost", 0x6C: "license", 0x72: "readme", 0x61: "artifact",
    0x6D: "may_be_missing", 0x6E: "may_be_replaced",
  ]

  func event(_ locator: Locator) -> Event {
    let path = path.string
    var attributes: [Attribute] = [Attribute("path", path), Attribute("file_state", "\(state)")]
    attributes.add("differences", differences)
    attributes.add("not_compared", unread)
    attributes.add("file_kind", kind)
    attributes.add("package", package?.string)
    let what = differences.isEmpty ? "" : " in \(differences.joined(separator: ", "))"
    return Event(
      time: nil, dataType: "linux:package:file",
      message: "\(path) is \(state)\(what), says its package.", entities: [Entity(.file, path)],
      attributes: attributes, locator: locator)
  }
}
