import ArgumentParser
import ArtifactStore
import CPlatform
import Evidence
import Foundation

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Re-hashes every object of the store and checks the custody chain.",
    discussion: """
      Prints one `sha256sum -c` line for each file of the store; names what is damaged and ends with code 3. --report leaves a folder that a \
      third party can check with sha256sum and openssl alone. For example: \
      `ir-analyze verify --report checked --sign-key key.pem --key custody.pub.pem`.
      """)

  @OptionGroup var storeOptions: StoreOptions
  @Flag(name: .shortAndLong, help: "Print only what is wrong.")
  var quiet = false
  @Flag(help: "One JSON object instead of lines.")
  var json = false
  @Option(
    help: ArgumentHelp("New folder for a report that others can check.", valueName: "DIR"), completion: .directory)
  var report: String?
  @Option(
    help: ArgumentHelp(
      "Public key (PEM) that custody must be signed with; keep it elsewhere than the store.", valueName: "FILE"),
    completion: .file())
  var key: String?
  @Option(
    help: ArgumentHelp(
      "Where custody ended once, as `run.json`, `store info` or an export's manifest noted it.",
      valueName: "COUNT:DIGEST"))
  var anchor: String?

  func run() throws {
    let store = try storeOptions.openExisting(isChecked: true)
    let trusted = try key.map(Self.publicKey)
    let mark = try anchor.map(Self.head)
    if let report, FileManager.default.fileExists(atPath: report) {
      throw ExitStatus.Failure(.usage, "\(report) is there already: name a new folder with --report")
    }
    platform_watch_interrupts()
    let progress = ProgressLine(isQuiet: quiet)
    progress.begin("verify")
    let whole = store.objects.list().reduce(UInt64(0)) { $0 &+ (store.objects.byteCount(of: $1) ?? 0) }
    var done: UInt64 = 0
    let check = try StoreCheck(
      store, trusted: trusted, anchor: mark,
      onObject: { object in
        if !quiet, !json { Terminal.print("\(object.fileDigest.hex)  \(store.directory)/\(object.file)") }
      },
      onProgress: { count in
        done &+= UInt64(count)
        progress.update(done: done, of: whole, "")
      }, isInterrupted: { platform_interrupted() != 0 })
    let time = Timestamp.now
    if let report { try VerifyReport(check, store, at: time).write(to: report) }
    if json { Terminal.print(bytes: check.json(tool: IRAnalyze.tool, at: time)) }
    for note in check.custody.notes where !quiet { Terminal.tell(note) }
    for problem in check.problems { Terminal.tell(problem.text) }
    if Terminal.isInteractive || report != nil {
      progress.end(
        "\(check.objects.count) objects whole, \(check.custody.count) lines of custody, \(check.problems.count) problems"
      )
    }
    try (check.problems.isEmpty ? ExitStatus.finished : .integrity).end()
  }

  private static func publicKey(_ path: String) throws -> PublicKey {
    guard let pem = FileManager.default.contents(atPath: path), let key = PublicKey(pem: [UInt8](pem)) else {
      throw ExitStatus.Failure(
        .usage, "\(path) is no public key in PEM: `openssl pkey -in KEY.pem -pubout` writes one")
    }
    return key
  }

  private static func head(_ text: String) throws -> CustodyLog.Head {
    guard let head = CustodyLog.Head(text: text) else {
      throw ExitStatus.Failure(.usage, "\(text) is no anchor: give COUNT:DIGEST, as `store info` prints it")
    }
    return head
  }
}
