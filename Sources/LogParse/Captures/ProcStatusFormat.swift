import Bytes
import Evidence

/// `/proc/PID/status`: name, parent, owner.
struct ProcStatusFormat: LogFormat {
  let name = "capture.proc_status"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(4)
    return lines.count == 4 && lines[0].hasPrefix("Name:\t")
      && (lines[1].hasPrefix("Umask:\t") || lines[1].hasPrefix("State:\t")) ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var attributes: [Attribute] = []
    var end: UInt64 = 0
    let encodings = stream.encodings
    try readLines(stream, into: sink) { line in
      guard let (key, value) = line.bytes.cut(0x3A) else { return .skipped("line is not of a process's status") }
      end = line.end
      let words = value.words(limit: 8)
      switch key {
      case _ where key == "Name": attributes.add("command", value.trimmed.string)
      case _ where key == "State": attributes.add("process_state", words.first?.string)
      case _ where key == "Pid": attributes.add("pid", words.first?.integer)
      case _ where key == "PPid": attributes.add("ppid", words.first?.integer)
      case _ where key == "TracerPid":
        if let tracer = words.first?.integer, tracer > 0 { attributes.add("tracer_pid", tracer) }
      case _ where key == "Uid":
        attributes.add("uid", words.first?.integer)
        if words.count > 1 { attributes.add("effective_uid", words[1].integer) }
      case _ where key == "Gid": attributes.add("gid", words.first?.integer)
      case _ where key == "CapEff": attributes.add("capabilities", words.first?.string)
      case _ where key == "Seccomp": attributes.add("seccomp", words.first?.integer)
      default: break
      }
      return .parsed
    }
    guard !attributes.isEmpty else { return }
    let pid = attributes.first { $0.name == "pid" }?.value.text ?? "?"
    let name = attributes.first { $0.name == "command" }?.value.text ?? "?"
    sink.event(
      Event(
        time: nil, dataType: "linux:capture:process", message: "Process \(pid) is called \(name).",
        entities: [Entity(.process, pid)], attributes: attributes,
        locator: Locator(offset: 0, length: end, line: 1, encodings: encodings)))
  }
}
