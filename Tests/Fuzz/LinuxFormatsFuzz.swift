import Bytes
import Evidence
import LogParse

/// Feeds one of the formats, picked by the first byte, with the rest; the second byte picks a path and whether the time of
/// the capture is known.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLinuxFormats(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let start, count > 2 else { return 0 }
  let bytes = [UInt8](UnsafeBufferPointer(start: start + 2, count: count - 2))
  let formats = LogFormats.all
  let format = formats[Int(start[0]) % formats.count]
  let paths = [
    "etc/crontab", "var/spool/cron/crontabs/ops", "home/ops/.bash_history", "proc/77/environ", "var/log/btmp", "x",
    "proc/net/tcp", "proc/net/udp6", "proc/net/raw", "proc/net/unix", "date_+%s.txt",
  ]
  let path = paths[Int(start[1] >> 1) % paths.count]
  let collected = start[1] & 1 == 0 ? nil : Timestamp(seconds: 1_795_584_329)
  bytes.withView { view in
    let sample = FormatSample(head: view.slice(0, 1 << 16), path: path, isWhole: view.count <= 1 << 16)
    _ = LogFormats.recognize(sample)
  }
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
