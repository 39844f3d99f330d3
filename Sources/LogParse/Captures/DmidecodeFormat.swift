import Bytes
import Evidence

/// `dmidecode`: what the firmware says of the machine, one event for each of its tables that names something.
struct DmidecodeFormat: LogFormat {
  let name = "capture.dmidecode"
  let version = 1

  /// Bytes that are kept of one table. What is beyond them is told as left out.
  private static let maximumText = 1 << 20

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(16)
    guard let first = lines.first else { return nil }
    return first.hasPrefix("# dmidecode ") || lines.contains { Self.isHandle($0) } && first.hasPrefix("Getting SMBIOS")
      || Self.isHandle(first) ? .high : nil
  }

  // Handle 0x0001, DMI type 1, 27 bytes
  private static func isHandle(_ line: ByteView) -> Bool { line.hasPrefix("Handle 0x") && line.contains(", DMI type ") }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var title: String?
    var fields: [String] = []
    var locator: Locator?
    var left = Self.maximumText
    func tell() {
      if let locator, let title, !fields.isEmpty {
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:hardware",
            message: "\(title): \(fields.prefix(4).joined(separator: ", ")).",
            attributes: [Attribute("table", title), Attribute("fields", .texts(fields))], locator: locator))
      }
      title = nil
      fields = []
      locator = nil
      left = Self.maximumText
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if Self.isHandle(line.bytes) {
        tell()
        locator = line.locator
        return .parsed
      }
      if locator == nil {
        let isIntroduction =
          text[0] == 0x23 || text.hasPrefix("Getting SMBIOS") || text.hasPrefix("SMBIOS ")
          || text.hasPrefix("Table at ")
          || text.contains(" structures occupying ")
        return isIntroduction ? .parsed : .skipped(CommandMessage.reason(text) ?? "line is not of dmidecode")
      }
      if line.bytes[0] != 0x09 {
        title = text.slice(0, 256).string
      } else {
        guard left > text.count else { return .skipped("more than is kept of a table of the firmware") }
        left -= text.count + 1
        // Elements of a list stand one step further in. Appended in place: a list may have thousands.
        if line.bytes[1] == 0x09, let last = fields.indices.last {
          fields[last] += (fields[last].hasSuffix(":") ? " " : "; ") + text.string
        } else {
          fields.append(text.string)
        }
      }
      locator = locator?.reaching(line.end)
      return .parsed
    }
    tell()
  }
}
