import ArgumentParser
import Bytes
import Detectors

struct RulesMeasure: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Says what the Sigma rules cost, and which of them speak, over a file of events.",
    discussion: """
      EVENTS holds one event a line as JSON: a rule's samples, or the timeline.jsonl of a run.

      Example: ir-analyze rules measure --rules my-rules out/timeline.jsonl
      """)

  @OptionGroup var ruleOptions: RuleOptions

  @Argument(help: "Events as JSON Lines.", completion: .file())
  var events: String

  @Option(help: "How often to go through the events.")
  var repeats = 1

  @Option(help: "Threads.")
  var workers = 2

  @Flag(help: "One line of JSON.")
  var json = false

  func run() throws {
    let set = try ruleOptions.library().load().set
    let file = try MappedFile(path: events)
    let (made, broken) = file.withView { SigmaMeasure.run(set.sigma, $0, repeats: repeats, workers: workers) }
    guard let made else { throw ExitStatus.Failure(.usage, "\(events): line \(broken ?? 0) is no event") }
    let rate = made.seconds > 0 ? Double(made.events) / made.seconds : 0
    if json {
      var out = JSONWriter()
      out.object { out in
        out.field("rules", Int64(set.sigma.count))
        out.field("events", Int64(made.events))
        out.field("milliseconds", Int64(made.seconds * 1000))
        out.field("processor_milliseconds", Int64(made.processorSeconds * 1000))
        out.field("findings", Int64(made.findings.reduce(0) { $0 + $1.count }))
      }
      Terminal.print(String(decoding: out.bytes, as: UTF8.self))
      return
    }
    for (title, count) in made.findings { Terminal.print(Terminal.printable("\(count)  \(title)")) }
    Terminal.tell(
      "\(set.sigma.count) rules, \(made.events) events in \(Self.short(made.seconds)) s "
        + "(\(Self.short(made.processorSeconds)) s of processor time), \(Int(rate)) events a second")
  }

  private static func short(_ seconds: Double) -> String { String(Double(Int(seconds * 100)) / 100) }
}
