import Bytes
import Evidence

/// File systems: `df`, `mount` and `findmnt`, alone or one after the other, and `/proc/mounts`, `/etc/mtab`, `/etc/fstab` and
/// `/proc/PID/mountinfo`.
struct FilesystemFormat: LogFormat {
  let name = "capture.filesystem"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6).filter { $0[0] != 0x23 && CommandMessage.reason($0) == nil }
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) || Self.isTree(first) { return .high }
    if Self.isTranslated(first), lines.count > 1, lines.dropFirst().allSatisfy({ Self.translated($0) != nil }) {
      return .high
    }
    // The kernel takes a page of options. A script in one line has all the words and signs of a row somewhere.
    guard lines.allSatisfy({ $0.count <= Self.longestRow }) else { return nil }
    if lines.allSatisfy({ Self.mount($0) != nil }) { return .high }
    if lines.allSatisfy({ Self.mountInfo($0) != nil }) { return .high }
    return lines.allSatisfy { Self.table($0) != nil } ? .high : nil
  }

  private static let longestRow = 1 << 14

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("Filesystem ") && line.contains("Mounted on")
  }

  /// df in another language: a heading with a percent sign and no number.
  // Dateisystem             Größe Benutzt Verf. Verw% Eingehängt auf
  private static func isTranslated(_ line: ByteView) -> Bool {
    guard line.count < 512, let percent = line.firstIndex(of: 0x25), percent > 8 else { return false }
    let words = line.words(limit: 12)
    return words.count >= 5 && line[0] > 0x20 && line[0] != 0x2F
      && words.filter { $0.firstIndex(of: 0x25) != nil }.count == 1
      && !words.dropFirst().contains { (0x30...0x39).contains($0[0]) && !$0.contains("-") && !$0.contains("K") }
  }

  /// What the columns of df are in all languages; with `-T` one more.
  private static func translated(_ row: ByteView) -> ColumnHeader? {
    let words = row.words(limit: 9)
    guard
      let percent = words.firstIndex(where: {
        $0.count <= 4 && $0[$0.count - 1] == 0x25 || $0 == "-" && words.count > 5
      }),
      percent + 1 < words.count, words[percent + 1][0] == 0x2F
    else { return nil }
    let header: StaticString =
      percent == 4
      ? "Filesystem Size Used Available Use% Mounted on" : "Filesystem Type Size Used Available Use% Mounted on"
    return percent == 4 || percent == 5 ? ColumnHeader(ByteView(header)) : nil
  }

  /// findmnt's usual columns.
  private static func isTree(_ line: ByteView) -> Bool {
    let words = line.words(limit: 5)
    return words.count == 4 && words[0] == "TARGET" && words[1] == "SOURCE" && words[2] == "FSTYPE"
      && words[3] == "OPTIONS"
  }

  // │ ├─/proc/912   /dev/nvme0n1p1[/var/tmp/.x] xfs rw,noatime        | `-/sys/fs/cgroup  cgroup2 cgroup2 rw
  private static func branch(_ line: ByteView) -> Mount? {
    var place = 0
    while place < line.count, line[place] != 0x2F {
      switch line[place] {
      case 0x20, 0x2D, 0x60, 0x7C: place += 1
      case 0xE2 where line[place + 1] == 0x94: place += 3
      default: return nil
      }
    }
    let words = line.slice(place).words(limit: 4)
    guard words.count == 4, words[3].firstIndex(of: 0x20) == nil,
      words[3].hasPrefix("rw") || words[3].hasPrefix("ro")
    else { return nil }
    return Mount(
      device: FileListing.unescaped(words[1]), place: FileListing.unescaped(words[0]), type: words[2].string,
      options: words[3].string)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    var isInTree = false
    var isTranslated = false
    // A name wider than its column has its numbers on the next line.
    var wide: (device: String, locator: Locator)?
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        isInTree = false
        return .parsed
      }
      if header == nil, !isInTree {
        if isTranslated, let found = Self.translated(line.bytes) { header = found }
        if !isTranslated, Self.isTranslated(line.bytes) {
          isTranslated = true
          return .parsed
        }
      }
      if Self.isTree(line.bytes) {
        isInTree = true
        return .parsed
      }
      if isInTree, let mount = Self.branch(line.bytes) {
        sink.event(Self.event(mount, line.locator))
        return .parsed
      }
      if line.bytes[0] == 0x23 { return .parsed }
      if let mount = Self.mount(line.bytes) ?? Self.mountInfo(line.bytes) ?? Self.table(line.bytes) {
        sink.event(Self.event(mount, line.locator))
        return .parsed
      }
      if let header, line.bytes[0] == 0x20, let begun = wide {
        wide = nil
        let whole = begun.device + " " + line.bytes.string
        let locator = begun.locator.reaching(line.end)
        if let event = whole.withView({ Self.space($0, header, locator) }) {
          sink.event(event)
          return .parsed
        }
      }
      wide = nil
      if let header, let event = Self.space(line.bytes, header, line.locator) {
        sink.event(event)
        return .parsed
      }
      if header != nil, line.bytes[0] > 0x20, line.bytes.words(limit: 2).count == 1 {
        wide = (line.bytes.trimmed.string, line.locator)
        return .parsed
      }
      return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of df or mount")
    }
  }

  private struct Mount {
    var device: String
    var place: String
    var type: String
    var options: String
  }

  /// The address of the machine that a share lies on.
  private static func remote(_ device: String) -> String? {
    device.withView { text in
      if text.hasPrefix("//") { return text.dropFirst(2).cut(0x2F).flatMap { IPAddress.normal($0.before) } }
      guard let place = text.firstIndex(of: ByteView(":/")), place > 2 else { return nil }
      let host = text.slice(0, place)
      return IPAddress.normal(host[0] == 0x5B && host[place - 1] == 0x5D ? host.slice(1, place - 1) : host)
    }
  }

  private static func event(_ mount: Mount, _ locator: Locator) -> Event {
    // Of another machine: `//10.0.0.9/share`, `10.0.0.9:/export`.
    let far = remote(mount.device)
    return Event(
      time: nil, dataType: "linux:mount", message: "\(mount.device) is mounted on \(mount.place) as \(mount.type).",
      entities: far.map { IPAddress.isSpecific($0) ? [Entity(.address, $0)] : [] }
        ?? (mount.device.hasPrefix("/") ? [Entity(.file, mount.device)] : []),
      attributes: [
        Attribute("device", mount.device), Attribute("mount_point", mount.place),
        Attribute("filesystem_type", mount.type), Attribute("options", mount.options),
      ], locator: locator)
  }

  // /dev/vda on / type ext4 (rw,relatime,errors=remount-ro)
  private static func mount(_ line: ByteView) -> Mount? {
    // The options may have brackets of their own, the folders of an overlay; blanks they have none.
    guard let on = line.firstIndex(of: ByteView(" on ")), let type = line.lastIndexOf(ByteView(" type ")),
      on + 4 <= type,
      let gap = line.firstIndex(of: ByteView(" ("), from: type + 6), let close = line.lastIndex(of: 0x29),
      close > gap + 1
    else { return nil }
    let open = gap + 1
    return Mount(
      device: line.slice(0, on).string, place: line.slice(on + 4, type).string,
      type: line.slice(type + 6, open).trimmed.string, options: line.slice(open + 1, close).string)
  }

  // /dev/vda / ext4 rw,relatime,errors=remount-ro 0 0
  private static func table(_ line: ByteView) -> Mount? {
    let words = line.words(limit: 7)
    guard words.count == 6 || words.count == 4, words[1][0] == 0x2F || words[1] == "none" || words[1] == "swap",
      words[2].firstIndex(of: 0x2F) == nil, words[2].integer == nil, words[3].firstIndex(of: 0x25) == nil
    else { return nil }
    if words.count == 6 { guard words[4].integer != nil, words[5].integer != nil else { return nil } }
    if words.count == 4 {
      guard words[3].hasPrefix("rw") || words[3].hasPrefix("ro") || words[3].hasPrefix("defaults") else { return nil }
    }
    return Mount(
      device: FileListing.unescaped(words[0]), place: FileListing.unescaped(words[1]), type: words[2].string,
      options: words[3].string)
  }

  // 22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
  private static func mountInfo(_ line: ByteView) -> Mount? {
    let words = line.words(limit: 64)
    guard words.count >= 9, CivilTime.number(words[0]) != nil, CivilTime.number(words[1]) != nil,
      let (major, minor) = words[2].cut(0x3A), CivilTime.number(major) != nil, CivilTime.number(minor) != nil,
      words[4][0] == 0x2F, let dash = words[6...].firstIndex(where: { $0 == "-" }), dash + 3 < words.count
    else { return nil }
    return Mount(
      device: FileListing.unescaped(words[dash + 2]), place: FileListing.unescaped(words[4]),
      type: words[dash + 1].string, options: words[5].string)
  }

  /// df's headings differ by option; the attributes do not. All are text: `-h` writes units behind the numbers.
  private static func attribute(_ heading: String) -> String {
    switch heading {
    case "Type": "filesystem_type"
    case "Used", "IUsed": "used"
    case "Available", "Avail", "IFree": "available"
    case "Use%", "Capacity", "IUse%": "used_percent"
    default: "size"
    }
  }

  // /dev/vda         1776088 709592    957952  43% /
  private static func space(_ line: ByteView, _ header: ColumnHeader, _ locator: Locator) -> Event? {
    // "Mounted on" is two words of the header.
    let fixed = header.columns.count - 2
    let words = line.words(limit: fixed + 1)
    guard fixed >= 4, words.count == fixed + 1,
      words[fixed - 1][words[fixed - 1].count - 1] == 0x25 || words[fixed - 1] == "-"
    else { return nil }
    var attributes: [Attribute] = [Attribute("device", words[0].string)]
    for index in 1..<fixed { attributes.add(Self.attribute(header.columns[index].name), words[index].string) }
    let place = words[fixed].string
    attributes.add("mount_point", place)
    return Event(
      time: nil, dataType: "linux:capture:filesystem",
      message: "\(words[0].string) on \(place) is \(words[fixed - 1].string) full.", attributes: attributes,
      locator: locator)
  }
}

extension ByteView {
  /// Place of the last occurrence of a few bytes.
  func lastIndexOf(_ needle: ByteView) -> Int? {
    var found: Int?
    var place = 0
    while let next = firstIndex(of: needle, from: place) {
      found = next
      place = next + 1
    }
    return found
  }
}
