import Bytes
import Evidence

/// `findmnt -J`: what is mounted where. The events are those of `findmnt` and `mount`; of `--df` those of `df`.
struct FindmntJSONFormat: LogFormat {
  let name = "capture.findmnt_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    return head[0] == 0x7B && head.slice(0, 64).contains("\"filesystems\"") && head.contains("\"target\"")
      ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try JSONTable.read(stream, into: sink, named: "filesystems", title: "target", "a record of no file system") { row in
      guard let event = Self.event(row) else { return false }
      sink.event(event)
      return true
    }
  }

  // {"target": "/", "source": "/dev/vda", "fstype": "ext4", "options": "rw,relatime"}
  // {"source": "/dev/vda", "fstype": "ext4", "size": "251.9G", "used": "72G", "avail": "23G", "use%": "28%", "target": "/"}
  private static func event(_ row: JSONTable.Row) -> Event? {
    guard let place = row.text("target") else { return nil }
    let device = row.text("source")
    var attributes: [Attribute] = []
    attributes.add("device", device)
    if let used = row.text("use%") {
      attributes.add("filesystem_type", row.text("fstype"))
      attributes.add("size", row.text("size"))
      attributes.add("used", row.text("used"))
      attributes.add("available", row.text("avail"))
      attributes.add("used_percent", used)
      attributes.add("mount_point", place)
      return Event(
        time: nil, dataType: "linux:capture:filesystem",
        message: "\(device ?? "Something") on \(place) is \(used) full.",
        attributes: attributes, locator: row.locator)
    }
    let type = row.text("fstype")
    attributes.add("mount_point", place)
    attributes.add("filesystem_type", type)
    attributes.add("options", row.text("options"))
    return Event(
      time: nil, dataType: "linux:mount",
      message: "\(device ?? "Something") is mounted on \(place)\(type.map { " as \($0)" } ?? "").",
      entities: device.map { $0.hasPrefix("/") ? [Entity(.file, $0)] : [] } ?? [], attributes: attributes,
      locator: row.locator)
  }
}
