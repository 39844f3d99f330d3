import Bytes
import Evidence

/// The environment of a shell or process as `env`, `printenv`, `export -p` and `set` print it: one event with all of it.
/// Any file of settings looks alike, so the name has to say so, or the variables that every shell has be there.
struct EnvironmentFormat: LogFormat {
  let name = "capture.environment"
  let version = 1

  private static let maximumVariables = 4096
  /// Bytes of one value.
  private static let maximumText = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, !sample.path.contains("etc/"), let first = sample.lines(1).first, Self.variable(first) != nil
    else { return nil }
    let lines = sample.lines(400)
    let names = lines.compactMap { Self.variable($0)?.name }
    // A value may have several lines, a function does.
    guard names.count >= 3, names.count * 2 >= lines.count else { return nil }
    let isShells = Self.usual.count { name in names.contains { $0 == name } } >= 3
    let file = sample.name.lowercased()
    let isNamed = ["env", "printenv", "export", "declare_-x", "set."].contains { file.hasPrefix($0) }
    if isShells { return isNamed || names.count == lines.count ? .high : .medium }
    return isNamed && names.count == lines.count ? .medium : nil
  }

  private static let usual: [StaticString] = [
    "PATH", "HOME", "SHELL", "PWD", "USER", "LOGNAME", "SHLVL", "TERM", "LANG", "OLDPWD", "_", "IFS", "HOSTNAME",
  ]

  // PATH=/usr/bin        export PATH='/usr/bin'        declare -x PATH="/usr/bin"
  private static func variable(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    var rest = line
    for front in ["export ", "declare -x ", "declare -rx "] as [StaticString] where rest.hasPrefix(front) {
      rest = rest.dropFirst(front.utf8CodeUnitCount)
    }
    guard let (name, value) = rest.cut(0x3D), !name.isEmpty, name.count <= 128,
      (0x41...0x5A).contains(name[0] & 0xDF) || name[0] == 0x5F
    else { return nil }
    // A function that a shell hands down: `BASH_FUNC_ls%%=() {  :`, and before that `BASH_FUNC_ls()=() {`. Its own name may
    // hold more than that of a variable.
    if name.hasPrefix("BASH_FUNC_"), name.count > 12, name.hasSuffix("%%") || name.hasSuffix("()") {
      return name.firstIndex(of: 0x20) == nil ? (name, value) : nil
    }
    for index in 0..<name.count {
      switch name[index] {
      case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      default: return nil
      }
    }
    return (name, value)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var variables: [String] = []
    var left = 1 << 20
    var end: UInt64 = 0
    var user: String?
    let encodings = stream.encodings
    try readLines(stream, into: sink) { line in
      guard let (name, value) = Self.variable(line.bytes) else {
        guard !variables.isEmpty else {
          return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of an environment")
        }
        // The value of the variable before goes on.
        let text = line.bytes.slice(0, Self.maximumText).string
        guard left >= text.utf8.count, variables.count <= Self.maximumVariables else {
          return .skipped("more than is kept of an environment")
        }
        left -= text.utf8.count
        variables[variables.count - 1] += "\n" + text
        end = line.end
        return .parsed
      }
      let text = "\(name.string)=\(value.slice(0, Self.maximumText).string)"
      guard variables.count < Self.maximumVariables, left >= text.utf8.count else {
        return .skipped("more than is kept of an environment")
      }
      left -= text.utf8.count
      variables.append(text)
      if name == "USER" || name == "LOGNAME" { user = user ?? value.trimmed.string }
      end = line.end
      return .parsed
    }
    guard !variables.isEmpty else { return }
    var attributes: [Attribute] = []
    attributes.add("user", user)
    attributes.add("environment", variables)
    sink.event(
      Event(
        time: nil, dataType: "linux:capture:environment",
        message: "The environment\(user.map { " of \($0)" } ?? "") has \(variables.count) variables.",
        entities: user.map { $0.isEmpty || $0.contains(" ") ? [] : [Entity(.user, $0)] } ?? [], attributes: attributes,
        locator: Locator(offset: 0, length: end, line: 1, encodings: encodings)))
  }
}
