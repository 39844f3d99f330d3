import Bytes
import Evidence

/// Modules that are loaded at boot (`/etc/modules`, `modules-load.d/*.conf`) and commands that run instead of loading one
/// (`install` and `remove` of `modprobe.d/*.conf`).
struct KernelModulesFormat: LogFormat {
  let name = "linux.kernel_modules"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, Self.isModules(sample.path) || Self.isModprobe(sample.path),
      ShellCommand.isPlausible(sample)
    else { return nil }
    return .medium
  }

  private static func isModules(_ path: String) -> Bool {
    path.contains("modules-load.d/") || path == "modules" || path.hasSuffix("etc/modules")
  }

  private static func isModprobe(_ path: String) -> Bool {
    path.contains("modprobe.d/") || path.hasSuffix("modprobe.conf")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let isModprobe = Self.isModprobe(context.path)
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 || text[0] == 0x3B { return .parsed }
      let words = text.words(limit: 3)
      guard let first = words.first else { return .parsed }
      if !isModprobe {
        let module = first.string
        var entry = PersistenceEntry(
          mechanism: .kernelModule, command: text.string, user: "root", schedule: "at boot")
        entry.extra.add("module", module)
        sink.event(entry.event("The kernel module \(module) is loaded at boot.", line.locator))
        return .parsed
      }
      guard
        (["install", "remove", "options", "alias", "blacklist", "softdep"] as [StaticString])
          .contains(where: { first == $0 }), words.count > 1
      else { return .skipped("line is not a setting of modprobe") }
      guard first == "install" || first == "remove", words.count > 2 else { return .parsed }
      var entry = PersistenceEntry(
        mechanism: .kernelModule, command: words[2].string, user: "root",
        schedule: "instead of \(first == "install" ? "loading" : "removing") the module \(words[1].string)")
      entry.extra.add("module", words[1].string)
      sink.event(
        entry.event(
          "modprobe runs \(words[2].string) instead of \(first == "install" ? "loading" : "removing") \(words[1].string).",
          line.locator))
      return .parsed
    }
  }
}
