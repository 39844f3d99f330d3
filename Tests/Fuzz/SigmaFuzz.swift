import Bytes
import Evidence

@testable import Detectors

/// The first line is an event's text, what follows a rule document: both may be anything. With and without the index over
/// literals the same rules must speak.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let text = Array(UnsafeBufferPointer(start: bytes, count: count))
  let cut = text.firstIndex(of: 0x0A) ?? text.endIndex
  let (rules, _) = SigmaRules.load([("fuzz.yml", Array(text[cut...]))])
  let detectors = [true, false].map { SigmaDetector(rules, artifact: Digest(of: []), isFiltered: $0) }
  let line = String(decoding: text[..<cut], as: UTF8.self)
  for type in ["linux:shell:command", "linux:capture:process", "aws:cloudtrail:entry", "aws:waf:request"] {
    let event = Event(
      time: Timestamp(nanoseconds: 0), dataType: type, message: line,
      attributes: [
        Attribute("command", line), Attribute("command_line", line), Attribute("request_parameters", line),
        Attribute("uri", line), Attribute("headers", .texts([line])),
      ], locator: .whole)
    let told = detectors.map { detector in
      var told: [String] = []
      detector.inspect(event) { told.append($0.title) }
      return told
    }
    precondition(told[0] == told[1])
  }
  for detector in detectors { detector.finish { _ in } }
  return 0
}
