import Bytes
import Evidence

/// `lsblk -J`, with any columns: block devices and where they are mounted.
struct LsblkJSONFormat: LogFormat {
  let name = "capture.lsblk_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    return head[0] == 0x7B && head.slice(0, 64).contains("\"blockdevices\"") && head.contains("\"name\"") ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try JSONTable.read(stream, into: sink, named: "blockdevices", title: "name", "a record of no block device") { row in
      guard let event = Self.event(row) else { return false }
      sink.event(event)
      return true
    }
  }

  // {"name": "nvme0n1p1", "maj:min": "259:1", "rm": false, "size": "8G", "ro": false, "type": "part", "mountpoints": ["/"]}
  private static func event(_ row: JSONTable.Row) -> Event? {
    guard let device = row.text("name") else { return nil }
    var mounted: [String] = []
    row["mountpoints"]?.forEachElement {
      if mounted.count < 64, let place = $0.kept { mounted.append(place) }
      return true
    }
    if mounted.isEmpty, let place = row.text("mountpoint") { mounted.append(place) }
    var attributes: [Attribute] = [Attribute("device", device)]
    attributes.add("below_device", row.above)
    attributes.add("device_number", row.text("maj:min"))
    attributes.add("is_removable", row["rm"]?.flag ?? row["rm"]?.integer.map { $0 == 1 })
    attributes.add("size", row.text("size"))
    attributes.add("is_read_only", row["ro"]?.flag ?? row["ro"]?.integer.map { $0 == 1 })
    attributes.add("type", row.text("type"))
    attributes.add("filesystem_type", row.text("fstype"))
    attributes.add("label", row.text("label"))
    attributes.add("uuid", row.text("uuid"))
    attributes.add("model", row.text("model"))
    attributes.add("serial_number", row.text("serial"))
    attributes.add("mount_point", mounted.first)
    if mounted.count > 1 { attributes.add("other_mount_points", Array(mounted.dropFirst())) }
    return Event(
      time: nil, dataType: "linux:capture:block_device",
      message:
        "Block device \(device) is \(mounted.isEmpty ? "not mounted" : "mounted at " + mounted.joined(separator: ", ")).",
      entities: mounted.filter { $0.hasPrefix("/") }.map { Entity(.file, $0) }, attributes: attributes,
      locator: row.locator)
  }
}
