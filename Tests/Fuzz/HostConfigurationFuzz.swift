import Bytes
import Evidence
import LogParse

/// The host's configuration and the collector's own logs: the first byte picks the format, the second its path.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let start, count > 2 else { return 0 }
  let names = [
    "linux.startup_script", "linux.pam", "linux.udev_rules", "linux.kernel_modules", "linux.sshd_config",
    "linux.timezone", "linux.localtime", "capture.timedatectl", "capture.uac_log", "capture.uac_acquisition",
  ]
  let paths = [
    "etc/init.d/x", "etc/pam.conf", "etc/udev/rules.d/x.rules", "etc/modprobe.d/x.conf", "etc/modules",
    "var/spool/cron/atjobs/a0000301c8a1bd", "etc/ssh/sshd_config", "etc/timezone", "x",
  ]
  let bytes = [UInt8](UnsafeBufferPointer(start: start + 2, count: count - 2))
  guard let format = LogFormats.named(names[Int(start[0]) % names.count]) else { return 0 }
  let path = paths[Int(start[1]) % paths.count]
  _ = bytes.withView { format.recognizes(FormatSample(head: $0, path: path, isWhole: true)) }
  let sink = CollectingSink()
  try? format.parse(
    MemoryStream(bytes), ParseContext(path: path, collected: Timestamp(seconds: 1_795_584_329)), into: sink)
  var end: UInt64 = 0
  for coverage in sink.coverages where coverage.byteCount > 0 {
    precondition(coverage.start == end)
    end = coverage.end
  }
  precondition(end == UInt64(bytes.count))
  for event in sink.events {
    precondition((event.locator.offset ?? 0) + (event.locator.length ?? 0) <= UInt64(bytes.count))
  }
  return 0
}
