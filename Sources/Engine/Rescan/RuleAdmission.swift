import ArtifactStore
import Bytes
import CPlatform
import Detectors
import Evidence
import Foundation

/// Lets an update of rules come into force file by file.
///
/// A file that is as it was in the last good set is taken as it is. Every other one is looked over in a process of its own,
/// with little time and memory; when it does not load, or the process ends, the file's last good version stays in force, and
/// the refusal is told. So neither a typing error nor a hostile file takes a night's run down.
public struct RuleAdmission {
  public struct Refusal: Hashable, Sendable {
    public var path: String
    public var reason: String
    /// Whether an earlier version of the file stays in force.
    public var keepsEarlier: Bool
  }

  private let command: [String]
  /// Files that end their process, before no further one is looked at: each costs seconds.
  private static let maximumDeaths = 50

  /// - Parameter command: starts a process that runs `examine(input:output:)`; the folder is added to it.
  public init(command: [String]) { self.command = command }

  /// - Parameters:
  ///   - source: the folder with the update.
  ///   - last: the folder with the last good set; nil where there is none.
  ///   - candidate: a folder that is not there yet; it gets the files that come into force.
  public func admit(_ source: String, last: String?, into candidate: String) throws -> [Refusal] {
    var refusals: [Refusal] = []
    var changed: [String] = []
    for path in RuleFolder.paths(source) {
      let bytes = RuleFolder.read(path, in: source)
      let known = last.flatMap { RuleFolder.read(path, in: $0) }
      let isSame =
        bytes != nil && bytes == known && includes(of: path, in: source) == last.map { includes(of: path, in: $0) }
      if isSame { try copy(path, from: source, to: candidate) } else { changed.append(path) }
    }
    let examined = examine(changed, in: source)
    for path in changed {
      guard let reason = examined[path] else {
        try copy(path, from: source, to: candidate)
        continue
      }
      let earlier = last.flatMap { RuleFolder.read(path, in: $0) == nil ? nil : $0 }
      if let earlier {
        try copy(path, from: earlier, to: candidate)
      } else if reason.isPartial {
        try copy(path, from: source, to: candidate)
      }
      refusals.append(Refusal(path: path, reason: reason.text, keepsEarlier: earlier != nil))
    }
    return refusals
  }

  private func includes(of path: String, in folder: String) -> [String: [UInt8]] {
    guard let bytes = RuleFolder.read(path, in: folder) else { return [:] }
    return Dictionary(RuleFolder.included(by: path, bytes, in: folder).map { ($0.path, $0.bytes) }) { first, _ in first
    }
  }

  private func copy(_ path: String, from source: String, to target: String) throws {
    guard let bytes = RuleFolder.read(path, in: source) else { return }
    for file in [(path, bytes)] + RuleFolder.included(by: path, bytes, in: source) {
      let place = "\(target)/\(file.0)"
      try FileManager.default.createDirectory(
        atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      // What two files include may come from two versions; the one copied first counts, and what does not fit is left out
      // when the set is loaded.
      if access(place, F_OK) != 0 { try writeAtomically(file.1, to: place, durable: false) }
    }
  }

  /// What is wrong with a file. A file whose other rules load is partial: without an earlier version they are used.
  private struct Reason {
    var text: String
    var isPartial = false
  }

  /// Why files are refused, by path.
  private func examine(_ paths: [String], in folder: String) -> [String: Reason] {
    var refused: [String: Reason] = [:]
    var process: WorkerProcess?
    var deaths = 0
    defer { _ = process?.end() }
    for path in paths {
      guard deaths < Self.maximumDeaths else {
        refused[path] = Reason(text: "not looked at: too many files of this update ended their examination")
        continue
      }
      guard !path.contains("\n") else {
        refused[path] = Reason(text: "a line break in its name")
        continue
      }
      do throws(BytesError) {
        let current: WorkerProcess
        if let process { current = process } else { current = try WorkerProcess(command + [folder]) }
        process = current
        guard let answer = current.ask(Array(path.utf8)) else {
          refused[path] = Reason(text: "its examination ended with \(current.end())")
          process = nil
          deaths += 1
          continue
        }
        refused[path] = answer.withView { line in
          let json = JSONView(line)
          return json["refused"]?.string.map { Reason(text: $0, isPartial: json["partial"]?.bool ?? false) }
        }
      } catch {
        refused[path] = Reason(text: "cannot be examined: \(error.reason)")
      }
    }
    return refused
  }

  /// Seconds of a clock and of a processor that one file may take, and bytes of memory for all.
  private enum Limit {
    static let seconds: UInt32 = 30
    static let memory: UInt64 = 4 << 30
  }

  /// The examining side: paths in, one a line; `{}` or `{"refused":"why","partial":…}` out.
  public static func examine(_ directory: String, input: any ByteStream, output: Int32) throws(BytesError) {
    platform_limit_memory(Limit.memory)
    let examiner = RuleExaminer(directory: directory)
    let lines = LineReader(input, limit: 1 << 16)
    while let line = try lines.next() {
      alarm(Limit.seconds)
      let verdict = examiner.examine(line.bytes.string)
      let errors = verdict.diagnostics.filter { $0.level == .error }
      alarm(0)
      var out = JSONWriter()
      out.object { out in
        guard let first = errors.first else { return }
        out.field("refused", "\(first)" + (errors.count > 1 ? ", and \(errors.count - 1) more" : ""))
        out.field("partial", verdict.isUsable)
      }
      out.newline()
      guard writeAll(out.bytes, to: output) else { return }
    }
  }
}
