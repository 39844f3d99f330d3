import Bytes
import Evidence
import Foundation

/// Keeps what compiling rules gives between runs: in `$XDG_CACHE_HOME/ir-analyze` or `~/.cache/ir-analyze`.
///
/// What is read back is used as code would be, so only a folder that belongs to this user and that nobody else may write
/// is trusted, and a file counts only when the digest at its end is that of its content. A cache that cannot be used or
/// written costs time, never a result.
public struct RuleCache: Sendable {
  let directory: String

  /// Larger than what thirty thousand rules give; more is not kept.
  private static let maximumSize = 512 << 20
  /// Older files are removed when a new one would be the hundredth.
  private static let maximumFiles = 100

  /// nil where there is no folder for it; `IR_ANALYZE_CACHE=off` turns it off, any other value names the folder.
  public static func standard(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> RuleCache? {
    if let named = environment["IR_ANALYZE_CACHE"], !named.isEmpty { return named == "off" ? nil : RuleCache(named) }
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return RuleCache(base + "/ir-analyze") }
    return environment["HOME"].flatMap { $0.hasPrefix("/") ? RuleCache($0 + "/.cache/ir-analyze") : nil }
  }

  /// Makes the folder where it is missing; nil where it is not this user's own.
  init?(_ directory: String) {
    self.directory = directory
    if access(directory, F_OK) != 0 {
      let parent = (directory as NSString).deletingLastPathComponent
      try? FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      mkdir(directory, 0o700)
    }
    var status = stat()
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0
    else { return nil }
  }

  private func path(_ kind: String, _ key: Digest) -> String { "\(directory)/\(kind)-\(key.hex)" }

  /// What was written under the key; nil where there is nothing, or not what was written.
  func read(_ kind: String, _ key: Digest) -> [UInt8]? {
    guard let file = fopen(path(kind, key), "r") else { return nil }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0, let size = Int(exactly: status.st_size), size >= 32, size <= Self.maximumSize
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard fread(&bytes, 1, size, file) == size else { return nil }
    let tail = Array(bytes.suffix(32))
    bytes.removeLast(32)
    return Self.seal(bytes, kind, key) == tail ? bytes : nil
  }

  /// Writes under a temporary name and renames, so that a reader sees all or nothing.
  func write(_ kind: String, _ key: Digest, _ make: () -> [UInt8]?) {
    guard let bytes = make(), bytes.count < Self.maximumSize else { return }
    makeRoom()
    let temporary = "\(path(kind, key)).\(getpid()).\(UInt32.random(in: 0 ... .max))"
    guard let file = fopen(temporary, "wx") else { return }
    fchmod(fileno(file), 0o600)
    let sealed = bytes + Self.seal(bytes, kind, key)
    let isWritten = fwrite(sealed, 1, sealed.count, file) == sealed.count
    if fclose(file) != 0 || !isWritten || rename(temporary, path(kind, key)) != 0 { unlink(temporary) }
  }

  private static func seal(_ bytes: [UInt8], _ kind: String, _ key: Digest) -> [UInt8] {
    let content = Digest(of: bytes).hex
    let whole = Digest(of: Array("\(kind) \(key.hex) \(content)".utf8)).hex
    return whole.withView { hex in (0..<32).map { (hexDigit(hex[$0 * 2]) ?? 0) << 4 | (hexDigit(hex[$0 * 2 + 1]) ?? 0) }
    }
  }

  /// Removes the oldest files, as their last use tells, when there are too many.
  private func makeRoom() {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory), names.count >= Self.maximumFiles
    else { return }
    let aged = names.compactMap { name -> (path: String, used: Int)? in
      var status = stat()
      guard lstat(directory + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      return (directory + "/" + name, max(status.st_atim.tv_sec, status.st_mtim.tv_sec))
    }
    for old in aged.sorted(by: { $0.used < $1.used }).prefix(names.count - Self.maximumFiles / 2) { unlink(old.path) }
  }
}
