import Bytes

/// `{"id": …, "text": …}` to `{"id": …, "detections": […]}`: every text detector on one string, for measuring.
///
/// A line that is no such object gives an empty list under the id it has, if any. Both lines without their line end.
public func detectJSONL(line: ByteView) -> [UInt8] {
  let record = JSONView(line)
  let text = record["text"]?.string ?? ""
  var writer = JSONWriter()
  writer.object { writer in
    writer.key("id")
    if let id = record["id"], !id.bytes.isEmpty {
      if let name = id.string { writer.value(name) } else { writer.raw(id.bytes.array) }
    } else {
      writer.null()
    }
    writer.field(
      "detections",
      array: { writer in
        for detection in text.withView({ TextDetectors.scan($0, .command) }) { write(detection, to: &writer) }
      })
  }
  return writer.bytes
}

private func write(_ detection: TextDetection, to writer: inout JSONWriter) {
  writer.object { writer in
    switch detection.kind {
    case .log4shell:
      writer.field("kind", detection.kind.rawValue)
      writer.field("scheme", detection.scheme)
      writer.field("host", detection.host)
      writer.field("port", detection.port)
      writer.field("path", detection.path)
      writer.field("leaks", detection.leaks)
    case .reverseShell, .bindShell:
      writer.field("kind", detection.kind.rawValue)
      writer.field("technique", detection.technique)
      writer.field("host", detection.host)
      writer.field("port", detection.port)
    case .behaviour:
      // `behaviour.download-execute` → `download_execute`
      let name = detection.rule.drop { $0 != "." }.dropFirst()
      writer.field("kind", String(name.map { $0 == "-" ? "_" : $0 }))
    }
  }
}

/// One line of text to one line of JSON for each Log4Shell payload in it, joined by line ends; empty where there is none.
public func decodeLine(_ line: ByteView) -> [UInt8] {
  var writer = JSONWriter()
  for detection in Log4ShellDetector().scan(line, .logField) {
    if writer.count > 0 { writer.newline() }
    writer.object { writer in
      writer.field("scheme", detection.scheme)
      writer.field("host", detection.host)
      writer.field("port", detection.port)
      writer.field("path", detection.path)
      writer.field("leaks", detection.leaks)
      writer.field("normal_form", detection.decoded)
      writer.field("inner_commands", detection.commands)
      writer.field("steps", detection.steps)
      writer.field("raw", detection.raw)
    }
  }
  return writer.bytes
}
