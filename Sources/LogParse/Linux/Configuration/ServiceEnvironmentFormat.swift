import Bytes
import Evidence

/// What services are started with: `/etc/default/NAME`, `/etc/sysconfig/NAME`, OpenRC's `/etc/conf.d/NAME`, Tomcat's `setenv.sh` and
/// `tomcat.conf`. Each is read by a shell or by systemd before the service runs: a variable that loads a library or an agent comes
/// back with it, and so does a command that stands there.
struct ServiceEnvironmentFormat: LogFormat {
  let name = "linux.service_environment"
  let version = 1

  private static let folders: Set<String> = ["default", "sysconfig", "conf.d"]
  private static let textLimit = 1 << 16

  /// What the file's service is called; nil for a file that is none of these.
  private static func service(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard let name = parts.last, parts.count > 1 else { return nil }
    let folder = parts[parts.count - 2]
    if name == "setenv.sh" { return folder == "bin" ? "tomcat" : nil }
    if name == "tomcat.conf" { return folder.hasPrefix("tomcat") ? "tomcat" : nil }
    guard folders.contains(String(folder)), parts.dropLast(2).last == "etc" else { return nil }
    return String(name)
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard Self.service(sample.path) != nil, sample.isText, ShellCommand.isPlausible(sample) else { return nil }
    return .medium
  }

  /// Variables by which other code comes into a program.
  private static let loading: Set<String> = [
    "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT",
    "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "PROMPT_COMMAND",
  ]
  /// Options by which it comes into a Java machine, under whatever variable, and what runs as that fails.
  private static let options = LiteralSet(
    exact: [
      "-javaagent:", "-agentpath:", "-agentlib:", "-Xbootclasspath", "-XX:OnError", "-XX:OnOutOfMemoryError",
      "trustURLCodebase", "-Xrunjdwp",
    ], ignoringCase: [])

  /// Lines that are joints of the shell's language and run nothing.
  private static let joints: [StaticString] = [
    "fi", "else", "then", "do", "done", "esac", ";;", "{", "}", "return", "exit", ":", "true", "if ", "elif ", "case ",
    "for ", "while ", "export ", "readonly ", "unset ", "[ ", "[[ ",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let service = Self.service(context.path) ?? "a service"
    var begun: (text: [UInt8], locator: Locator)?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if begun == nil, text[0] == 0x23 { return .parsed }
      let goesOn = text[text.count - 1] == 0x5C
      // Taken out first, so that the text grows in place.
      var now = begun ?? ([], line.locator)
      begun = nil
      now.text += (goesOn ? text.dropLast(1) : text).slice(0, Self.textLimit).array
      now.locator = now.locator.reaching(line.end)
      if goesOn, now.text.count < Self.textLimit {
        begun = now
      } else {
        sink.event(now.text.withView { Self.event($0, service, now.locator) })
      }
      return .parsed
    }
    if let begun { sink.event(begun.text.withView { Self.event($0, service, begun.locator) }) }
  }

  private static func event(_ line: ByteView, _ service: String, _ locator: Locator) -> Event {
    let text = line.string
    if let (name, value) = assignment(line) {
      var hasOption = false
      options.forEachMatch(in: value) { _, _ in
        hasOption = true
        return nil
      }
      guard loading.contains(name.string) || hasOption else {
        return Event(
          time: nil, dataType: "linux:service:variable", message: "The service \(service) is started with \(text)",
          attributes: [Attribute("service", service), Attribute("name", name.string), Attribute("text", text)],
          locator: locator)
      }
    } else if joints.contains(where: { line.hasPrefix($0) }) {
      return Event(
        time: nil, dataType: "linux:service:variable", message: "The settings of the service \(service) have \(text)",
        attributes: [Attribute("service", service), Attribute("text", text)], locator: locator)
    }
    var entry = PersistenceEntry(
      mechanism: .serviceEnvironment, command: text, schedule: "as the service \(service) starts")
    entry.extra.add("service", service)
    return entry.event("The service \(service) is started with \(text)", locator)
  }

  // export CATALINA_OPTS="-javaagent:/opt/x.jar"
  private static func assignment(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    let text = line.hasPrefix("export ") ? line.slice(7).trimmed : line
    guard let (name, value) = text.cut(0x3D), !name.isEmpty, name.count <= 128, !(0x30...0x39).contains(name[0]) else {
      return nil
    }
    for byte in name.unsafeBytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      // `JAVA_OPTS+=" -x"`
      case 0x2B where name[name.count - 1] == 0x2B: continue
      default: return nil
      }
    }
    return (name[name.count - 1] == 0x2B ? name.dropLast(1) : name, value)
  }
}
