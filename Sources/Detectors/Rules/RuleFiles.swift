import Foundation

/// Finds and reads rule files, in an order that is the same everywhere.
struct RuleFiles {
  let root: String

  /// Deeper folders than this are a loop or a mistake.
  private static let maximumDepth = 32
  private static let maximumCount = 200_000

  /// Paths relative to the root, sorted by their bytes, of the files with one of these extensions. Hidden files and links
  /// that lead out of the directory are left out.
  func paths(_ extensions: Set<String>) -> [String] { paths([extensions])[0] }

  /// The same for several kinds of files, in one walk.
  func paths(_ kinds: [Set<String>]) -> [[String]] {
    guard let top = realPath(root) else { return kinds.map { _ in [] } }
    var found = kinds.map { _ in [String]() }
    var count = 0
    var folders: [(path: String, depth: Int)] = [("", 0)]
    while let (folder, depth) = folders.popLast(), count < Self.maximumCount {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder) else { continue }
      for name in names where !name.hasPrefix(".") {
        let path = folder.isEmpty ? name : folder + "/" + name
        guard let real = realPath(root + "/" + path), real.hasPrefix(top + "/") else { continue }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: real, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          if depth < Self.maximumDepth { folders.append((path, depth + 1)) }
        } else if let dot = name.lastIndex(of: ".") {
          let ending = name[name.index(after: dot)...].lowercased()
          for (kind, endings) in kinds.enumerated() where endings.contains(ending) {
            found[kind].append(path)
            count += 1
          }
        }
      }
    }
    return found.map { $0.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
  }

  /// The file's bytes, or why it is left out.
  func read(_ path: String) -> (bytes: [UInt8]?, diagnostic: RuleDiagnostic?) {
    guard let data = FileManager.default.contents(atPath: root + "/" + path) else {
      return (nil, RuleDiagnostic(.error, file: path, "cannot be read"))
    }
    guard data.count <= maximumRuleFileSize else {
      return (nil, RuleDiagnostic(.error, file: path, "larger than \(maximumRuleFileSize >> 20) MiB"))
    }
    return ([UInt8](data), nil)
  }
}
