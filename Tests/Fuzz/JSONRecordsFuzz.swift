import Bytes
import Evidence
import LogParse

/// The splitter hands out records in order that do not overlap, whatever the bytes and however small the limit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  for limit in [64, 4096, 1 << 24] {
    let sink = CollectingSink()
    let records = JSONRecords(MemoryStream(input), coverage: sink, limit: limit)
    var place: UInt64 = 0
    while let record = try? records.next() {
      precondition(record.offset >= place && record.bytes.count <= limit && record.bytes[0] == 0x7B)
      place = record.offset + UInt64(record.bytes.count)
      precondition(input[Int(record.offset)] == 0x7B)
      compare(record.json, JSONView(record.bytes), 0)
    }
    records.finish()
    var covered: UInt64 = 0
    for coverage in sink.coverages {
      precondition(coverage.start == covered && coverage.end >= covered)
      covered = coverage.end
    }
    precondition(covered == UInt64(count))
  }
  return 0
}

/// What was noted of brackets and strings is what a walk finds.
private func compare(_ noted: JSONView, _ walked: JSONView, _ depth: Int) {
  precondition(noted.bytes == walked.bytes)
  precondition(noted.hasEscapes == walked.hasEscapes)
  guard depth < 8 else { return }
  var values: [JSONView] = []
  var keys: [ByteView] = []
  noted.forEachMember { key, value in
    keys.append(key)
    values.append(value)
    return values.count < 64
  }
  noted.forEachElement {
    values.append($0)
    return values.count < 64
  }
  var place = 0
  func next(_ value: JSONView) -> Bool {
    precondition(place < values.count)
    compare(values[place], value, depth + 1)
    place += 1
    return place < 64
  }
  walked.forEachMember { key, value in
    precondition(keys[place] == key)
    return next(value)
  }
  walked.forEachElement { next($0) }
  precondition(place == values.count)
}
