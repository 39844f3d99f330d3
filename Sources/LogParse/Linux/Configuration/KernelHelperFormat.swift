import Bytes
import Evidence

/// The kernel's settings as they are made at boot (`sysctl.conf`, `sysctl.d/*.conf`). Some name a program that the kernel itself runs
/// as root: where a process crashes (`core_pattern` behind a bar), where a module is wanted, where the machine is switched off.
struct KernelHelperFormat: LogFormat {
  let name = "linux.kernel_helpers"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText,
      sample.path.contains("sysctl.d/") && sample.name.contains(".conf") || sample.name == "sysctl.conf",
      ShellCommand.isPlausible(sample)
    else { return nil }
    return .medium
  }

  private static let helpers: [(name: StaticString, schedule: String)] = [
    ("kernel.core_pattern", "as a process crashes"), ("kernel.modprobe", "as a module is wanted"),
    ("kernel.hotplug", "as a device comes or goes"), ("kernel.poweroff_cmd", "as the machine is switched off"),
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      var text = line.bytes.trimmed
      if text[0] == 0x23 || text[0] == 0x3B { return .parsed }
      // A minus sign says that it may fail.
      if text[0] == 0x2D { text = text.dropFirst(1).trimmed }
      guard let (key, value) = text.slice(0, 1 << 14).cut(0x3D) else {
        return .skipped("line is not a setting of the kernel")
      }
      let name = String(key.trimmed.string.map { $0 == "/" ? "." : $0 })
      guard let helper = Self.helpers.first(where: { name == "\($0.name)" }) else { return .parsed }
      var program = value.trimmed
      if helper.name.utf8CodeUnitCount == 19 {
        // Without a bar it is the name of a file.
        guard program[0] == 0x7C else { return .parsed }
        program = program.dropFirst(1).trimmed
      }
      guard !program.isEmpty else { return .parsed }
      var entry = PersistenceEntry(
        mechanism: .kernelHelper, command: program.string, user: "root", schedule: helper.schedule)
      entry.extra.add("name", name)
      sink.event(entry.event("The kernel runs \(helper.schedule): \(program.string)", line.locator))
      return .parsed
    }
  }
}
