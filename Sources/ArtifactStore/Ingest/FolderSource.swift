import Bytes
import Foundation

/// The files of a folder (or one file), in the order of their paths. Links to files inside are followed; links that lead out
/// of the folder, devices, sockets and pipes are named as gaps, never opened.
///
/// The folder may be a host's root: an absolute link there is meant from that root, and where it leads to a file inside, nothing
/// is missing. Names are bytes: one that is no UTF-8 (EUC-KR, or somebody hiding) is shown with U+FFFD and opened as it is.
public struct FolderSource {
  public struct File: Hashable, Sendable {
    /// As it is opened.
    public var path: String
    /// The same with a NUL behind, where `path` cannot say it.
    var bytes: [CChar]?
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

  /// The folder with all links followed; nil for a single file.
  private var root: String?

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
    self.root = String(cString: root)
    guard walk(Array(path.utf8CString), "", root: String(cString: root), depth: 0) else {
      throw StoreError(.badSource, "\(path): \(gaps.first?.reason ?? "cannot be read")")
    }
    if files.isEmpty, gaps.isEmpty { throw StoreError(.badSource, "\(path) holds no file: nothing to analyze") }
    files.sort { $0.name < $1.name }
  }

  /// Takes away what lies in certain folders: the store and the reports of somebody who works inside the folder of evidence are no
  /// evidence, and would grow with each run.
  ///
  /// - Parameter folders: those that are not there are passed over.
  /// - Returns: those in which something lay, as paths under this folder.
  /// - Throws: `badSource` where nothing is left.
  public mutating func leaveOut(_ folders: [String]) throws(StoreError) -> [String] {
    guard let root else { return [] }
    let trunk = root == "/" ? root : root + "/"
    var left: [String] = []
    for folder in folders {
      guard let real = realpath(folder, nil) else { continue }
      defer { free(real) }
      let place = String(cString: real)
      guard place.hasPrefix(trunk) else { continue }
      let name = String(place.dropFirst(trunk.count))
      let inside = Array("\(name)/".utf8)
      let before = files.count + gaps.count
      files.removeAll { $0.name.utf8.starts(with: inside) }
      gaps.removeAll { $0.path == name || $0.path.utf8.starts(with: inside) }
      if files.count + gaps.count < before { left.append(name) }
    }
    if !left.isEmpty, files.isEmpty, gaps.isEmpty {
      throw StoreError(.badSource, "\(root) holds nothing but \(left.joined(separator: ", ")): nothing to analyze")
    }
    return left
  }

  /// - Returns: false where the folder itself could not be read.
  private mutating func walk(_ path: [CChar], _ prefix: String, root: String, depth: Int) -> Bool {
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
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          Array(UnsafeBufferPointer(start: $0, count: strnlen($0, 256)))
        }
      }
      let name = Self.text(bytes)
      if name == "." || name == ".." { continue }
      let inside = prefix.isEmpty ? name : "\(prefix)/\(name)"
      add(path.dropLast() + [0x2F] + bytes + [0], inside, root: root, depth: depth)
    }
    return true
  }

  private static func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private mutating func add(_ path: [CChar], _ name: String, root: String, depth: Int) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      gaps.append(.init(path: name, reason: "cannot be read: \(systemMessage())"))
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: files.append(Self.file(path, name, status))
    case S_IFLNK where leadsInside(path, root): return
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

  /// Whether it is an absolute link to something that, taken from the folder as root, is inside and comes by itself.
  private func leadsInside(_ path: [CChar], _ root: String) -> Bool {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &target, target.count - 1)
    guard count > 0, target[0] == 0x2F else { return false }
    let place = Self.text(Array(target.prefix(count)))
    // Upwards would lead out again.
    guard !place.split(separator: "/").contains(".."), !place.hasPrefix(root + "/") else { return false }
    var status = stat()
    return lstat(root + place, &status) == 0
  }

  private static func file(_ path: [CChar], _ name: String, _ status: stat) -> File {
    let shown = text(path.dropLast())
    var made = file(shown, name, status)
    if !shown.utf8.elementsEqual(path.dropLast().lazy.map { UInt8(bitPattern: $0) }) { made.bytes = path }
    return made
  }

  private static func file(_ path: String, _ name: String, _ status: stat) -> File {
    let (seconds, over) = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    return File(
      path: path, name: name, byteCount: UInt64(max(status.st_size, 0)),
      modified: over ? 0 : seconds &+ Int64(status.st_mtim.tv_nsec), mode: UInt16(status.st_mode & 0o7777),
      owner: Int64(status.st_uid))
  }
}

extension FolderSource.File {
  func open() throws(BytesError) -> FileStream {
    guard let bytes else { return try FileStream(path: path) }
    let descriptor = Foundation.open(bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot open \(path): \(systemMessage())") }
    return FileStream(descriptor: descriptor, name: path)
  }
}
