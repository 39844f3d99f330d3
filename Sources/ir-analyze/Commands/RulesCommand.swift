import ArgumentParser
import Bytes
import Detectors
import Engine

struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Checks, lists, tests and measures rules.",
    subcommands: [RulesCheck.self, RulesList.self, RulesTest.self, RulesMeasure.self, RulesExamine.self])
}

struct RulesCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says which rules load, and which do not and why; ends with 2 when some do not.")

  @OptionGroup var ruleOptions: RuleOptions

  func run() throws {
    let library = try ruleOptions.library()
    let loaded = library.load()
    library.tellWhereEmpty()
    for diagnostic in loaded.diagnostics { Terminal.print(Terminal.printable("\(diagnostic)")) }
    Terminal.tell(
      "\(loaded.set.yara?.rules.count ?? 0) YARA rules, \(loaded.set.sigma.count) Sigma rules and correlations, "
        + "fingerprint \(loaded.set.fingerprint.hex)")
    let broken = loaded.diagnostics.contains { $0.level == .error }
    try (broken ? ExitStatus.notCovered : .finished).end()
  }
}

struct RulesList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the rules in force.")

  @OptionGroup var ruleOptions: RuleOptions
  @Flag(help: "JSON Lines.")
  var jsonl = false

  func run() throws {
    let set = try ruleOptions.library().load().set
    for rule in set.yara?.rules ?? [] {
      var out = JSONWriter()
      out.object { out in
        out.field("engine", "yara")
        out.field("name", rule.name)
        out.field("namespace", rule.namespace)
        out.field("severity", rule.meta("severity"))
        out.field("description", rule.meta("description"))
      }
      let text = "yara  \(rule.name)  \(rule.meta("description") ?? "")"
      Terminal.print(jsonl ? String(decoding: out.bytes, as: UTF8.self) : Terminal.printable(text))
    }
    for rule in set.sigma.list {
      var out = JSONWriter()
      out.object { out in
        out.field("engine", "sigma")
        out.field("name", rule.title)
        out.field("id", rule.id)
        out.field("file", rule.path)
        out.field("severity", rule.severity.rawValue)
      }
      let text = "sigma \(rule.title)  \(rule.path)"
      Terminal.print(jsonl ? String(decoding: out.bytes, as: UTF8.self) : Terminal.printable(text))
    }
  }
}
