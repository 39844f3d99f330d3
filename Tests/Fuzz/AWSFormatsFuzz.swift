import Bytes
import Evidence
import LogParse

/// Every AWS format reads any bytes and accounts for each of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  for format in LogFormats.all where format.name.hasPrefix("aws.") {
    _ = input.withView { format.recognizes(FormatSample(head: $0, path: "fuzz", isWhole: count % 2 == 0)) }
    let sink = CollectingSink()
    try? format.parse(MemoryStream(input), ParseContext(path: "fuzz"), into: sink)
    var place: UInt64 = 0
    for coverage in sink.coverages {
      precondition(coverage.start == place && coverage.end >= place)
      place = coverage.end
    }
    precondition(place == UInt64(count))
    for event in sink.events {
      precondition((event.locator.offset ?? 0) + (event.locator.length ?? 0) <= UInt64(count))
    }
  }
  return 0
}
