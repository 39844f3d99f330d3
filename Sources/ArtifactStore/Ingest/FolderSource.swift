import Bytes
import Foundation

/// The files of a folder (or one file), in the order of their paths. Links to files inside are followed; links that lead out
/// of the folder, devices, sockets and pipes are named as gaps, never opened.
public struct FolderSource {
  public struct File: Hashable, Sendable {
    /// As it is opened.
    public var path: String
    /// Under the folder, with `/` between parts.
    public var name: String
    public var byteCount: UInt64
    /// Nanoseconds since 1970.
    public var modified: Int64
    /// The twelve bits of permissions.
    public var mode: UInt16
    public var owner: Int64
  }

  public private(set) var files: [File] = []
  public private(set) var gaps: [CaseDatabase.Gap] = []

  /// Nothing is nested deeper in evidence that anyone collects; a loop of bind mounts is.
  private static let maximumDepth = 128

  /// - Throws: `badSource` for a path that is not there, cannot be read, or holds no file.
  public init(_ path: String) throws(StoreError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw StoreError(.badSource, "\(path): \(systemMessage())") }
    if status.st_mode & S_IFMT == S_IFREG {
      guard access(path, R_OK) == 0 else { throw StoreError(.badSource, "\(path): \(systemMessage())") }
      files = [Self.file(path, (path as NSString).lastPathComponent, status)]
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StoreError(.badSource, "\(path) is neither a folder nor a file")
    }
    guard let root = realpath(path, nil) else { throw StoreError(.badSource, "\(path): \(systemMessage())") }
    defer { free(root) }
    guard walk(path, "", root: String(cString: root), depth: 0) else {
      throw StoreError(.badSource, "\(path): \(gaps.first?.reason ?? "cannot be read")")
    }
    if files.isEmpty, gaps.isEmpty { throw StoreError(.badSource, "\(path) holds no file: nothing to analyze") }
    files.sort { $0.name < $1.name }
  }

  /// - Returns: false where the folder itself could not be read.
  private mutating func walk(_ path: String, _ prefix: String, root: String, depth: Int) -> Bool {
    guard depth < Self.maximumDepth else {
      gaps.append(.init(path: prefix, reason: "nested deeper than \(Self.maximumDepth) folders"))
      return false
    }
    guard let folder = opendir(path) else {
      gaps.append(.init(path: prefix.isEmpty ? "." : prefix, reason: "cannot be read: \(systemMessage())"))
      return false
    }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      let inside = prefix.isEmpty ? name : "\(prefix)/\(name)"
      add("\(path)/\(name)", inside, root: root, depth: depth)
    }
    return true
  }

  private mutating func add(_ path: String, _ name: String, root: String, depth: Int) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      gaps.append(.init(path: name, reason: "cannot be read: \(systemMessage())"))
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: files.append(Self.file(path, name, status))
    case S_IFDIR: _ = walk(path, name, root: root, depth: depth + 1)
    case S_IFLNK:
      guard let target = realpath(path, nil) else {
        gaps.append(.init(path: name, reason: "is a link to something that is not there"))
        return
      }
      defer { free(target) }
      let real = String(cString: target)
      guard real.hasPrefix(root + "/"), stat(path, &status) == 0 else {
        gaps.append(.init(path: name, reason: "is a link that leads out of the folder"))
        return
      }
      // A link to a folder inside would only show the same files twice.
      if status.st_mode & S_IFMT == S_IFREG { files.append(Self.file(path, name, status)) }
    default: gaps.append(.init(path: name, reason: "is a device, socket or pipe"))
    }
  }

  private static func file(_ path: String, _ name: String, _ status: stat) -> File {
    let (seconds, over) = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    return File(
      path: path, name: name, byteCount: UInt64(max(status.st_size, 0)),
      modified: over ? 0 : seconds &+ Int64(status.st_mtim.tv_nsec), mode: UInt16(status.st_mode & 0o7777),
      owner: Int64(status.st_uid))
  }
}
