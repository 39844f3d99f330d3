import Bytes
import Detectors
import Evidence

/// Any bytes as the texts and numbers of events, through every event detector; and as a line of the measuring command.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let view = ByteView(UnsafeBufferPointer(start: bytes, count: count))
  _ = detectJSONL(line: view)
  let artifact = Digest(of: [])
  let parts = view.split(0x0A, limit: 8).map { $0.string }
  let number = Int64(truncatingIfNeeded: view.u64(0) ?? 0)
  for kind in [
    "aws:waf:request", "web:access:request", "linux:capture:process", "linux:capture:socket", "linux:shell:command",
    "aws:cloudtrail:entry",
  ] {
    var attributes: [Attribute] = []
    for name in ["pid", "ppid", "local_port", "remote_port", "fd_number", "body_unseen"] {
      attributes.append(Attribute(name, number))
    }
    let names = [
      "command_line", "command", "uri", "query", "remote_address", "event_name", "session_name", "source_ip",
      "request_parameters",
    ]
    for (index, name) in names.enumerated() { attributes.append(Attribute(name, parts[index % max(parts.count, 1)])) }
    let event = Event(time: nil, dataType: kind, message: "", attributes: attributes, locator: .whole)
    for detector in DetectorCatalog.makeEventDetectors(artifact: artifact) {
      detector.inspect(event) { _ in }
      detector.finish { _ in }
    }
  }
  return 0
}
