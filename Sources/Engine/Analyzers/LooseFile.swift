import Bytes
import Evidence
import LogParse

/// One file that is in no store: what it is, its events, and what detectors find in them. What a case adds, rules and other
/// sources, is not asked.
public enum LooseFile {
  public struct Kind: Sendable {
    /// `log/aws.waf`
    public var name: String
    /// Compression that was undone.
    public var encodings: [String]
  }

  /// - Parameters:
  ///   - file: where the bytes are; it is opened more than once.
  ///   - path: as the source names it: it tells what content leaves open, and when it was collected.
  ///   - zone: of local times, where somebody knows it: minutes east of UTC, or a rule as POSIX writes it; UTC is taken to be meant
  ///     otherwise.
  ///   - artifact: digest of the bytes.
  ///   - usesAllCores: whether steps get threads of their own. What is found is the same.
  ///   - begin: told what the file is, before anything of it comes.
  /// - Throws: `BytesError` where the file cannot be read. What cannot be read in it is coverage, and so is what only a case
  ///   can hold.
  public static func read(
    _ file: String, path: String, zone: String? = nil, artifact: Digest, usesAllCores: Bool, into sink: any ResultSink,
    begin: (Kind) -> Void
  ) throws {
    let byteCount = try MappedFile(path: file).byteCount
    let (kind, encodings) = try ArtifactKind.of(file, path: path, byteCount: byteCount)
    begin(Kind(name: kind.name, encodings: encodings))
    func skip(_ reason: String) { sink.coverage(Coverage(.skipped, 0..<byteCount, reason: reason)) }
    let stream = try DecodedStream(FileStream(path: file))
    switch kind {
    case .empty: sink.coverage(EmptyArtifact.coverage(path: path, encodings: encodings))
    case .memory: skip("is a memory image: `ir-analyze memory all` and `ir-analyze run` read it")
    case .packedMemory: skip("is a compressed memory image: `ir-analyze run` reads it")
    case .archive: skip("is an archive: `ir-analyze run` reads what is in it")
    case .unknown: try TextAnalyzer.search(stream, artifact: artifact, into: sink)
    case .log(let format):
      let detecting = DetectingSink(sink, artifact: artifact)
      var options = PathFacts.options(path: path)
      options["zone"] = zone
      var context = PathFacts.context(options)
      if let minutes = zone.flatMap(Int.init) { context.zone = .stated(minutes) }
      try LogAnalyzer.read(
        format, WideTextStream(stream), context, into: detecting,
        steps: usesAllCores ? detecting.steps : [])
    }
  }
}
