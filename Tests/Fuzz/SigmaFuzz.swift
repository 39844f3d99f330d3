import Bytes
import Detectors
import Evidence

/// The first line is an event's text, what follows a rule document: both may be anything.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let text = Array(UnsafeBufferPointer(start: bytes, count: count))
  let cut = text.firstIndex(of: 0x0A) ?? text.endIndex
  let (rules, _) = SigmaRules.load([("fuzz.yml", Array(text[cut...]))])
  let detector = SigmaDetector(rules, artifact: Digest(of: []))
  let line = String(decoding: text[..<cut], as: UTF8.self)
  for type in ["linux:shell:command", "linux:capture:process", "aws:cloudtrail:entry", "aws:waf:request"] {
    let event = Event(
      time: Timestamp(nanoseconds: 0), dataType: type, message: line,
      attributes: [
        Attribute("command", line), Attribute("command_line", line), Attribute("request_parameters", line),
        Attribute("uri", line), Attribute("headers", .texts([line])),
      ], locator: .whole)
    detector.inspect(event) { _ in }
  }
  detector.finish { _ in }
  return 0
}
