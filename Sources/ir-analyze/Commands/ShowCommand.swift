import ArgumentParser
import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows the bytes that a statement of the report rests on, with what stands around them.",
    discussion: """
      PLACE is the id of a finding, DIGEST:OFFSET, DIGEST:LOCATOR as the report prints it, or a digest and a locator. Ids \
      and digests may be shortened. Findings are looked for in the report (--report, or the one in the current folder), \
      then in the results of the store.

        ir-analyze show 22457e46-f96c-5726-84c8-5dceb26c2079
        ir-analyze show '54ec3e62760e:gzip!line=12;bytes=3400+700'
        ir-analyze show 54ec3e62760e:0x1f3a000 --context 256
      """)

  @Argument(help: "A finding's id, DIGEST:OFFSET, DIGEST:LOCATOR, or DIGEST.")
  var place: String

  @Argument(help: "A locator, after a DIGEST.")
  var locator: String?

  @Option(help: ArgumentHelp("Bytes of the place; otherwise the locator's own length.", valueName: "N"))
  var length: UInt64?

  @Option(help: ArgumentHelp("Bytes shown before and after the place.", valueName: "N"))
  var context: UInt64 = 64

  @Option(help: ArgumentHelp("Folder of the report that has the finding.", valueName: "OUT"), completion: .directory)
  var report: String?

  @Option(help: ArgumentHelp("Places of a finding that are shown.", valueName: "N"))
  var places = 5

  @OptionGroup var storeOptions: StoreOptions
  @Flag(help: "The place's bytes as they are, to standard output.")
  var raw = false

  @Flag(help: "What is known of the whole artifact instead: SHA-256, SHA-1, MD5, length, where it came from. JSON.")
  var facts = false

  func validate() throws {
    if context > 1 << 20 { throw ValidationError("--context takes at most \(1 << 20) bytes") }
    if let length, length > ShownBytes.maximum {
      throw ValidationError("--length takes at most \(ShownBytes.maximum) bytes")
    }
    if places < 1 { throw ValidationError("--places takes a number from 1") }
  }

  func run() throws {
    let store = try storeOptions.openExisting()
    if facts { return Terminal.print(bytes: try ShowFacts.json(find(place, in: store), in: store)) }
    if locator == nil, !place.contains(":"), isFindingID {
      if let finding = try FoundFinding.find(place, report: report, in: store) { return try show(finding, in: store) }
      // A word of digits may be either.
      guard !place.contains("-") else {
        throw ExitStatus.Failure(
          .usage, "no finding \(place) in a report here or in the store: name the report's folder with --report")
      }
    }
    try show(try reference(in: store), in: store)
  }

  /// Hexadecimal digits in a UUID's groups, at least eight.
  private var isFindingID: Bool {
    place.utf8.count >= 8 && place.utf8.count <= 36
      && place.utf8.allSatisfy { hexDigit($0) != nil || $0 == 0x2D }
  }

  private func show(_ finding: FoundFinding, in store: ArtifactStore) throws {
    if raw, let first = finding.evidence.first { return try show(first, in: store) }
    for line in finding.head { Terminal.print(Terminal.printable(line)) }
    for reference in finding.evidence.prefix(places) {
      Terminal.print("")
      try show(reference, in: store)
    }
    if finding.evidence.count > places {
      Terminal.print("")
      Terminal.print("and \(finding.evidence.count - places) more places: --places \(finding.evidence.count)")
    }
  }

  private func show(_ reference: EvidenceReference, in store: ArtifactStore) throws {
    let address = "\(reference.artifact.hex)  \(reference.locator.text)"
    guard store.objects.contains(reference.artifact) else {
      throw ExitStatus.Failure(
        .usage, "the store at \(store.directory) does not hold \(reference.artifact.hex): name another with --store")
    }
    if let view = reference.locator.other["view"], reference.locator.physical == nil, reference.locator.offset == nil {
      Terminal.print(Terminal.printable((reference.path.map { $0 + "  " } ?? "") + address))
      return Terminal.print(
        "a row of a view, not bytes: `ir-analyze memory \(Terminal.printable(view)) "
          + "\(store.objects.path(of: reference.artifact))` prints it")
    }
    let shown = try ShownBytes.read(
      reference.artifact, reference.locator, length: length, context: raw ? 0 : context, in: store)
    if raw { return Terminal.print(bytes: Array(shown.bytes[shown.place])) }
    Terminal.print(Terminal.printable((reference.path.map { $0 + "  " } ?? "") + address))
    let notes = ([shown.unit] + shown.notes).joined(separator: "; ")
    Terminal.print(Terminal.printable("\(shown.place.count) bytes; \(notes)"))
    for line in shown.lines { Terminal.print(line) }
  }

  // MARK: What was named

  private func reference(in store: ArtifactStore) throws -> EvidenceReference {
    let parts = place.split(separator: ":", maxSplits: 1).map(String.init)
    let digest = try find(parts.first ?? "", in: store)
    let text = locator ?? (parts.count == 2 ? parts[1] : nil)
    guard let text else { return EvidenceReference(artifact: digest, locator: .whole) }
    if let offset = text.hasPrefix("0x") ? text.withView({ $0.hexadecimal }) : UInt64(text) {
      var locator = Locator()
      locator.offset = offset
      return EvidenceReference(artifact: digest, locator: locator)
    }
    guard let locator = Locator(text: text) else {
      throw ExitStatus.Failure(.usage, "\(text) is neither an offset nor a locator such as `line=12;bytes=3400+700`")
    }
    return EvidenceReference(artifact: digest, locator: locator)
  }

  private func find(_ prefix: String, in store: ArtifactStore) throws -> Digest {
    if let digest = Digest(hex: prefix) { return digest }
    let matches = prefix.utf8.count < 4 ? [] : store.objects.list().filter { $0.hex.hasPrefix(prefix.lowercased()) }
    guard let digest = matches.first, matches.count == 1 else {
      let said = matches.isEmpty ? "no object of the store begins" : "\(matches.count) objects of the store begin"
      let hint =
        matches.isEmpty && isFindingID ? ", nor a finding of a report here or of its results: --report names one" : ""
      throw ExitStatus.Failure(.usage, "\(said) with \(prefix)\(hint)")
    }
    return digest
  }
}
