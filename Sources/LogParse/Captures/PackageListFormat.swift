import Bytes
import Evidence

/// Packages that are installed: `rpm -qa`, with times of installation where `--last` asked for them, `dpkg -l`,
/// `apt list --installed` and `apk info -v`.
struct PackageListFormat: LogFormat {
  let name = "capture.packages"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) { return .high }
    guard lines.count >= 2, lines.allSatisfy({ PackageRow($0, .utc) != nil || Self.isRemark($0) }) else { return nil }
    // A name with a version is what any word may be; an architecture or a release of Alpine's is not.
    return lines.contains { PackageRow($0, .utc)?.isCertain ?? false } ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool { line.hasPrefix("Desired=Unknown/Install/Remove/Purge/Hold") }

  private static func isRemark(_ line: ByteView) -> Bool {
    line.hasPrefix("Listing...") || line.hasPrefix("| Status=") || line.hasPrefix("|/ Err") || line.hasPrefix("||/ ")
      || line.hasPrefix("+++-") || line.hasPrefix("WARNING: apt does not have a stable CLI")
      || CommandMessage.reason(line) != nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if let row = PackageRow(line.bytes, context.zone) {
        sink.event(row.event(line.locator))
        return .parsed
      }
      return Self.isHeader(line.bytes) || Self.isRemark(line.bytes) ? .parsed : .skipped("line is not a package")
    }
  }
}

/// A package. Valid while the line is.
struct PackageRow {
  private var package: ByteView
  private var packageVersion: ByteView?
  private var architecture: ByteView?
  private var state: ByteView?
  private var time: Timestamp?
  /// Whether no other text looks like this.
  private(set) var isCertain = true

  private static let architectures: [StaticString] = [
    "x86_64", "noarch", "i686", "i386", "i586", "aarch64", "armv7hl", "ppc64le", "s390x", "src",
  ]

  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    guard line[0] > 0x20, let (first, rest) = line.cut(0x20) ?? Optional((line, line.slice(line.count))) else {
      return nil
    }
    if first.count == 2 || first.count == 3, (0x41...0x5A).contains(first[0] & 0xDF), rest[0] == 0x20 || !rest.isEmpty {
      // ii  libc6:amd64    2.31-0ubuntu9.2  amd64        GNU C Library: Shared libraries
      let words = rest.words(limit: 4)
      guard words.count >= 3, Self.isState(first), Self.isVersion(words[1]) else { return nil }
      (package, packageVersion, architecture, state) = (words[0], words[1], words[2], first)
      return
    }
    if let slash = first.firstIndex(of: 0x2F), slash > 0, let bracket = rest.lastIndex(of: 0x5B) {
      // libc6/focal-updates,now 2.31-0ubuntu9.2 amd64 [installed,automatic]
      let words = rest.slice(0, bracket).words(limit: 3)
      guard words.count == 2, rest.slice(bracket).hasPrefix("[installed"), Self.isVersion(words[0]) else { return nil }
      package = first.slice(0, slash)
      (packageVersion, architecture) = (words[0], words[1])
      return
    }
    let date = rest.trimmed
    if !date.isEmpty {
      // openssh-server-7.4p1-22.amzn2.0.1.x86_64      Tue 25 Nov 2025 04:10:01 AM UTC
      let words = date.words(limit: 9)
      guard
        let found = CivilTime.ctime(words).map({ ($0.time, $0.zone) })
          ?? LocaleDate.read(words).map({ ($0.time, $0.zone) }),
        found.0.year != nil
      else { return nil }
      time = found.0.timestamp(found.1?.zone(else: zone) ?? zone)
    }
    guard first.count <= 256, first.firstIndex(of: 0x2F) == nil, first.firstIndex(of: 0x3A) == nil,
      let release = first.lastIndex(of: 0x2D), release > 0,
      let dash = first.slice(0, release).lastIndex(of: 0x2D), dash > 0
    else { return nil }
    package = first.slice(0, dash)
    guard Self.isVersion(first.slice(dash + 1, release)) || package == "gpg-pubkey" else { return nil }
    var end = first.count
    if let dot = first.lastIndex(of: 0x2E), dot > release,
      Self.architectures.contains(where: { first.slice(dot + 1) == $0 })
    {
      architecture = first.slice(dot + 1)
      end = dot
    } else {
      // musl-1.2.3-r4
      let isAlpine = first[release + 1] == 0x72 && CivilTime.number(first.slice(release + 2)) != nil
      guard isAlpine || package == "gpg-pubkey" else { return nil }
      isCertain = isAlpine
    }
    packageVersion = first.slice(dash + 1, end)
  }

  /// dpkg's: what is wanted, what is, and an error.
  private static func isState(_ word: ByteView) -> Bool {
    ByteView("uihrp").firstIndex(of: word[0]) != nil && ByteView("ncHUFWti").firstIndex(of: word[1]) != nil
      && (word.count == 2 || word[2] == 0x52)
  }

  private static func isVersion(_ word: ByteView) -> Bool {
    guard (0x30...0x39).contains(word[0]) || word[0] == 0x76 && (0x30...0x39).contains(word[1]) else { return false }
    for byte in word.unsafeBytes {
      switch byte {
      case 0x2B, 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5A, 0x5E, 0x5F, 0x61...0x7A, 0x7E: continue
      default: return false
      }
    }
    return true
  }

  func event(_ locator: Locator) -> Event {
    let name = package.string
    var attributes: [Attribute] = [Attribute("package", name)]
    attributes.add("package_version", packageVersion?.string)
    attributes.add("architecture", architecture?.string)
    attributes.add("package_state", state.flatMap { $0 == "ii" ? nil : $0.string })
    let version = packageVersion.map { " \($0.string)" } ?? ""
    // dpkg keeps the configuration of what was removed, and knows what it did not finish.
    let isInstalled = state.map { $0[1] == 0x69 } ?? true
    return Event(
      time: time, time == nil ? .event : .creation, dataType: "linux:package:installed",
      message: "Package \(name)\(version) is \(isInstalled ? "installed" : "known, not installed").",
      attributes: attributes, locator: locator)
  }
}
