import Bytes
import Evidence
import LogParse

/// What commands print without headers or in words: the first byte picks the format, the second its path.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBareText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let start, count > 2 else { return 0 }
  let names = [
    "linux.journal_verbose", "linux.audit_interpreted", "linux.gshadow", "capture.proc_net", "linux.syslog",
    "capture.w",
    "capture.who", "capture.date", "capture.history",
  ]
  let paths = ["proc/net/tcp", "proc/net/udp6", "proc/net/raw", "proc/net/unix", "date_+%s.txt", "x"]
  let bytes = [UInt8](UnsafeBufferPointer(start: start + 2, count: count - 2))
  guard let format = LogFormats.named(names[Int(start[0]) % names.count]) else { return 0 }
  let path = paths[Int(start[1] >> 1) % paths.count]
  let collected = start[1] & 1 == 0 ? nil : Timestamp(seconds: 1_795_584_329)
  _ = bytes.withView { format.recognizes(FormatSample(head: $0, path: path, isWhole: true)) }
  let sink = CollectingSink()
  try? format.parse(
    MemoryStream(bytes), ParseContext(path: path, zone: .inferred(540), collected: collected), into: sink)
  var end: UInt64 = 0
  for coverage in sink.coverages where coverage.byteCount > 0 {
    precondition(coverage.start == end, "\(format.name) leaves a hole in its coverage")
    end = coverage.end
  }
  precondition(end == UInt64(bytes.count), "\(format.name) does not account for the end")
  for event in sink.events {
    precondition(
      (event.locator.offset ?? 0) + (event.locator.length ?? 0) <= UInt64(bytes.count), "\(format.name) points outside")
  }
  return 0
}
