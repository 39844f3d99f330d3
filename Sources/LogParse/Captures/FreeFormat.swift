import Bytes
import Evidence

/// `free`: memory and swap.
struct FreeFormat: LogFormat {
  let name = "capture.free"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(3)
    guard lines.count >= 2 else { return nil }
    if Self.isHeader(lines[0]), lines[1].hasPrefix("Mem:") { return .high }
    return Self.isTranslated(lines[0]) && lines.dropFirst().allSatisfy { Self.row($0) != nil } && lines.count == 3
      ? .high : nil
  }

  /// procps in another language: as many words as there are numbers below, and no number among them.
  // Speicher:   24684092      817992     2831968        8856    21444420    23866100
  private static func isTranslated(_ line: ByteView) -> Bool {
    guard line[0] == 0x20 else { return false }
    let words = line.words(limit: 8)
    return (6...7).contains(words.count)
      && words.allSatisfy { word in !word.unsafeBytes.contains { (0x30...0x39).contains($0) || $0 == 0x3A } }
  }

  /// What a row is of, and its numbers. A name may hold blanks, and its colon may be a wide one.
  private static func row(_ line: ByteView) -> (kind: ByteView, numbers: [ByteView])? {
    guard line.count < 256, let colon = line.firstIndex(of: 0x3A) ?? line.firstIndex(of: ByteView("：")), colon > 0
    else {
      return nil
    }
    let numbers = line.slice(colon + (line[colon] == 0x3A ? 1 : 3)).words(limit: 9)
    guard numbers.count >= 3, numbers.allSatisfy({ (0x30...0x39).contains($0[0]) && $0.count <= 20 }) else {
      return nil
    }
    return (line.slice(0, colon).trimmed, numbers)
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.contains(" total ") && line.contains(" used ") && line.contains(" free")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    try readLines(stream, into: sink) { line in
      if header == nil, Self.isTranslated(line.bytes) {
        header =
          line.bytes.words(limit: 8).count == 7
          ? ColumnHeader(ByteView("total used free shared buffers cache available"))
          : ColumnHeader(ByteView("total used free shared buff/cache available"))
        return .parsed
      }
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      let words = line.bytes.words(limit: 16)
      // What older ones say is used and free when the caches are not counted.
      if words.count == 4, words[0] == "-/+", words[1] == "buffers/cache:" {
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:memory",
            message: "Without buffers and caches \(words[2].string) was used and \(words[3].string) free.",
            attributes: [
              Attribute("kind", "-/+ buffers/cache"), Attribute("used", words[2].string),
              Attribute("free", words[3].string),
            ], locator: line.locator))
        return .parsed
      }
      guard let header, let row = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of free")
      }
      let kind = row.kind.string
      var attributes: [Attribute] = [Attribute("kind", kind)]
      // With -h the numbers carry units, so all are kept as text.
      for (column, word) in zip(header.columns, row.numbers) {
        attributes.add(column.name == "buff/cache" ? "buffers_cache" : column.name, word.string)
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:memory",
          message: "\(kind) had \(row.numbers[0].string) in all and \(row.numbers[2].string) free.",
          attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
