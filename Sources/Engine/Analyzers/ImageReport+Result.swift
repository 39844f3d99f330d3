import Evidence
import MemoryParse

extension ImageReport {
  /// The headers' facts as an event, and what became of every byte of the file.
  func write(into sink: any ResultSink) {
    var attributes: [Attribute] = [Attribute("format", format), Attribute("format_version", version)]
    attributes.add("compression", compression)
    attributes.add("machine", machine)
    for fact in facts { attributes.add(fact.name, fact.value) }
    attributes.add("ranges", runs.prefix(64).map { "0x\(String($0.start, radix: 16))-0x\(String($0.end, radix: 16))" })
    attributes.add("damage", damage)
    let memory = runs.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    sink.event(
      Event(
        time: nil, dataType: "memory:image",
        message: "memory image in the format \(format) with \(memory) bytes of memory in \(runs.count) ranges",
        attributes: attributes, locator: .whole))
    // Headers lie between the payloads; what is not skipped was read as what it is.
    var place: UInt64 = 0
    for gap in skipped.sorted(by: { $0.start < $1.start }) {
      if gap.start > place { sink.coverage(Coverage(.parsed, place..<gap.start)) }
      sink.coverage(Coverage(.skipped, gap.start..<max(gap.end, gap.start), reason: gap.reason))
      place = max(place, gap.end)
    }
    let end = headerByteCount &+ payloadByteCount &+ skipped.reduce(UInt64(0)) { $0 &+ ($1.end - $1.start) }
    if end > place { sink.coverage(Coverage(.parsed, place..<end)) }
    for sentence in damage where skipped.isEmpty {
      sink.coverage(Coverage(.skipped, end..<end, reason: sentence))
    }
  }
}
