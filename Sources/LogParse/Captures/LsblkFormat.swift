import Bytes
import Evidence

/// `lsblk`, with the columns it has by itself or with `-f` and `-o`: block devices and where they are mounted.
struct LsblkFormat: LogFormat {
  let name = "capture.lsblk"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(3)
    guard let header = lines.first, lines.count > 1 else { return nil }
    return Self.header(header) != nil ? .high : nil
  }

  private static func header(_ line: ByteView) -> [String]? {
    let names = line.words(limit: 32).map(\.string)
    guard names.first == "NAME", names.contains(where: { $0 == "MAJ:MIN" || $0 == "FSTYPE" }),
      names.contains(where: { $0.hasPrefix("MOUNTPOINT") || $0 == "TYPE" || $0 == "UUID" })
    else { return nil }
    return names
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var columns: [String]?
    // The device of the line before, whose other mount points stand below it.
    var device: String?
    try readLines(stream, into: sink) { line in
      if let found = Self.header(line.bytes) {
        columns = found
        device = nil
        return .parsed
      }
      guard let columns, let event = Self.event(line.bytes, columns, &device, line.locator) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a block device")
      }
      sink.event(event)
      return .parsed
    }
  }

  // └─nvme0n1p1 259:1    0   8G  0 part /boot/efi
  private static func event(
    _ line: ByteView, _ columns: [String], _ above: inout String?, _ locator: Locator
  ) -> Event? {
    let words = line.words(limit: 64)
    guard let first = words.first else { return nil }
    let place = withoutTree(line.trimmed.string)
    if place.hasPrefix("/") || place == "[SWAP]" { return above.map { mount($0, place, locator) } }
    let device = withoutTree(first.string)
    guard !device.isEmpty else { return nil }
    above = device
    var attributes: [Attribute] = []
    attributes.add("device", device)
    // Numbers and words of a fixed order come before what may be missing.
    if columns.contains("MAJ:MIN"), words.count >= 6, words[1].firstIndex(of: 0x3A) != nil {
      attributes.add("device_number", words[1].string)
      attributes.add("is_removable", words[2] == "1")
      attributes.add("size", words[3].string)
      attributes.add("is_read_only", words[4] == "1")
      attributes.add("type", words[5].string)
      if words.count > 6 { attributes.add("mount_point", words[6...].map(\.string).joined(separator: " ")) }
    } else {
      attributes.add("text", line.trimmed.string)
      if let last = words.last, last[0] == 0x2F { attributes.add("mount_point", last.string) }
    }
    let mounted = attributes.first { $0.name == "mount_point" }?.value.text
    return Event(
      time: nil, dataType: "linux:capture:block_device",
      message: "Block device \(device)\(mounted.map { " is mounted at \($0)" } ?? " is not mounted").",
      entities: mounted.map { $0.hasPrefix("/") ? [Entity(.file, $0)] : [] } ?? [], attributes: attributes,
      locator: locator)
  }

  /// A line without the signs of the tree in front.
  private static func withoutTree(_ text: String) -> String {
    String(text.unicodeScalars.drop { "├└─│|`- ".unicodeScalars.contains($0) })
  }

  // │                                     /boot
  private static func mount(_ device: String, _ place: String, _ locator: Locator) -> Event {
    Event(
      time: nil, dataType: "linux:capture:block_device", message: "Block device \(device) is mounted at \(place) too.",
      entities: place.hasPrefix("/") ? [Entity(.file, place)] : [],
      attributes: [Attribute("device", device), Attribute("mount_point", place)], locator: locator)
  }
}
