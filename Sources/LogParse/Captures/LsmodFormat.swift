import Bytes
import Evidence

/// Loaded kernel modules: `lsmod`, or `/proc/modules` with state and address.
struct LsmodFormat: LogFormat {
  let name = "capture.lsmod"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(4)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) || CommandMessage.reason(first) != nil && lines.contains(where: Self.isHeader) {
      return .high
    }
    return lines.allSatisfy { Self.isProcRow($0.words(limit: 8)) } ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("Module ") && line.contains("Size") && line.contains("Used by")
  }

  // crypto_simd 16384 1 aesni_intel, Live 0xffffffffc0200000
  private static func isProcRow(_ words: [ByteView]) -> Bool {
    words.count >= 6 && words[1].integer != nil && words[2].integer != nil
      && (words[4] == "Live" || words[4] == "Loading" || words[4] == "Unloading") && words[5].hasPrefix("0x")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) { return .parsed }
      let words = line.bytes.words(limit: 8)
      guard words.count >= 3, let size = words[1].integer, let uses = words[2].integer else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a module")
      }
      let module = words[0].string
      var attributes: [Attribute] = [Attribute("module", module), Attribute("size_bytes", size)]
      attributes.add("use_count", uses)
      if words.count > 3 {
        attributes.add("used_by", words[3].split(0x2C).filter { !$0.isEmpty && !($0 == "-") }.map(\.string))
      }
      if Self.isProcRow(words) {
        attributes.add("module_state", words[4].string)
        attributes.add("kernel_address", words[5].string)
        // Taint letters: (O) built out of tree, (E) unsigned, (P) proprietary.
        if words.count > 6 { attributes.add("taints", words[6].string) }
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:module", message: "Kernel module \(module) of \(size) bytes is loaded.",
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
