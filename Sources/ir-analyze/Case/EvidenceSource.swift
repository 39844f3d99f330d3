import ArtifactStore
import Foundation

/// Where evidence is taken from, as the command line names it: a folder, a file (an archive too), standard input, S3.
enum EvidenceSource {
  case files(FolderSource, place: String)
  /// A case that `store export` wrote.
  case export(place: String, name: String)
  /// Standard input, and the name that its content gets.
  case input(name: String)
  case s3(S3Source, [S3Object])

  /// Finds out what lies there, so that everything that can be wrong with a source is said before anything is written.
  ///
  /// - Throws: `badSource` for what is not there, is empty, or may not be read; usage for a terminal as standard input.
  init(_ argument: String, _ options: SourceOptions) throws {
    if argument == "-" {
      guard isatty(0) == 0 else {
        throw ExitStatus.Failure(.usage, "- means standard input, which is a terminal: pipe the evidence in")
      }
      self = .input(name: options.name?.text ?? "standard-input")
    } else if S3Location.isMeant(by: argument) {
      let source = try S3Source(url: argument, options: options.s3.options)
      self = .s3(source, try source.list())
    } else {
      let place = URL(fileURLWithPath: argument).standardizedFileURL.path
      let listing = try FolderSource(argument)
      self = CaseImport.caseName(of: place).map { .export(place: place, name: $0) } ?? .files(listing, place: place)
    }
  }

  /// All sources of a command line.
  static func all(_ arguments: [String], _ options: SourceOptions) throws -> [EvidenceSource] {
    guard arguments.filter({ $0 == "-" }).count < 2 else {
      throw ExitStatus.Failure(.usage, "standard input (-) can be read once")
    }
    return try arguments.map { try EvidenceSource($0, options) }
  }

  /// Without what this program itself has written into the folder: the store, and reports.
  ///
  /// - Parameter output: folder of the report that is going to be written.
  static func leavingOut(_ store: ArtifactStore, output: String?, from sources: [EvidenceSource], isQuiet: Bool) throws
    -> [EvidenceSource]
  {
    guard sources.contains(where: { if case .files = $0 { true } else { false } }) else { return sources }
    let own = [store.directory] + (output.map { [$0] } ?? []) + store.custody.reportFolders()
    return try sources.map { source in
      guard case .files(var listing, let place) = source else { return source }
      for folder in try listing.leaveOut(own) where !isQuiet {
        Terminal.tell("left out: \(folder), which ir-analyze itself has written into \(place)")
      }
      return .files(listing, place: place)
    }
  }

  static let standardInput = "standard input"

  /// As custody and the case database name it.
  var place: String {
    switch self {
    case .files(_, let place), .export(let place, _): place
    case .input: Self.standardInput
    case .s3(let source, _): source.location.description
    }
  }

  /// Bytes of all that was listed; 0 for standard input, which nobody knows.
  var byteCount: UInt64 {
    switch self {
    case .files(let listing, _): listing.files.reduce(UInt64(0)) { $0 &+ $1.byteCount }
    case .input, .export: 0
    case .s3(_, let objects): S3Source.byteCount(of: objects)
    }
  }

  /// A name for what is ingested without one: the instance that the collector named, else the source's own name.
  var standardCaseName: String {
    let names: [String]
    let own: String
    switch self {
    case .files(let listing, let place):
      names = listing.files.map(\.name)
      own = URL(fileURLWithPath: place).lastPathComponent
    case .input(let name), .export(_, let name):
      names = []
      own = name
    case .s3(let source, let objects):
      names = objects.map(\.name)
      own = source.location.key.split(separator: "/").last.map(String.init) ?? source.location.bucket
    }
    for name in names {
      guard let first = name.split(separator: "/").first, name.contains("/") else { continue }
      if Self.isInstance(first) { return String(first) }
    }
    return CaseName(argument: own)?.text ?? "case"
  }

  /// `i-` and 8 to 17 hexadecimal digits.
  static func isInstance(_ text: Substring) -> Bool {
    let digits = text.dropFirst(2)
    return text.hasPrefix("i-") && (8...17).contains(digits.count) && digits.allSatisfy(\.isHexDigit)
  }
}
