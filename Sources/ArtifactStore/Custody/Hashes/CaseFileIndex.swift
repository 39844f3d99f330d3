import Evidence

/// Finds the file of a case that a name written down elsewhere means. Collectors write names as they saw them: relative to the list,
/// absolute on the host, or without any folder.
struct CaseFileIndex {
  private var byPath: [String: CaseFile] = [:]
  private var byName: [String: [CaseFile]] = [:]
  private var byFolder: [String: [CaseFile]] = [:]
  private var byDigest: [Digest: CaseFile] = [:]
  let files: [CaseFile]

  /// A name that more files have, or a folder with more of them, settles nothing.
  private static let maximumSame = 256

  init(_ files: [CaseFile]) {
    self.files = files
    for file in files {
      byPath[file.path] = file
      let name = Self.last(file.path)
      if byName[name, default: []].count < Self.maximumSame { byName[name, default: []].append(file) }
      let folder = Self.folder(file.path)
      if byFolder[folder, default: []].count < Self.maximumSame { byFolder[folder, default: []].append(file) }
      if byDigest[file.digest] == nil { byDigest[file.digest] = file }
    }
  }

  subscript(_ digest: Digest) -> CaseFile? { byDigest[digest] }

  static func last(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2F) else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// With its slash; empty for a file at the root.
  static func folder(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "" }
    return String(path[...slash])
  }

  subscript(_ path: String) -> CaseFile? { byPath[path] }

  /// Files that a name in a list may mean, likeliest first.
  ///
  /// - Parameter list: path of the list in the case.
  /// - Returns: `isSure` where the place of the name leaves no doubt; otherwise only a file that has the hash counts.
  func candidates(_ name: String, from list: String) -> (files: [CaseFile], isSure: Bool) {
    var name = Substring(name)
    while name.hasPrefix("./") { name = name.dropFirst(2) }
    let folder = Self.folder(list)
    let relative = name.hasPrefix("/") ? name.dropFirst(1) : name
    // UAC mirrors the host's file system under `[root]`.
    for place in ["\(folder)\(relative)", "\(folder)[root]/\(relative)", String(relative)] {
      if let file = byPath[place] { return ([file], true) }
    }
    if let file = climb(relative, from: folder) { return ([file], true) }
    let same = byName[Self.last(String(relative)), default: []]
    let suffix = "/" + relative
    let ending = same.filter { $0.path.hasSuffix(suffix) }
    if ending.count == 1, relative.contains("/") { return (ending, true) }
    let beside = same.filter { Self.folder($0.path) == folder }
    if beside.count == 1 { return (beside, true) }
    return (Array((ending + same).prefix(64)), false)
  }

  /// `../memory/x.lime` from a list's folder.
  private func climb(_ name: Substring, from folder: String) -> CaseFile? {
    guard name.hasPrefix("../") else { return nil }
    var name = name
    var parts = folder.split(separator: "/")
    while name.hasPrefix("../"), !parts.isEmpty {
      name = name.dropFirst(3)
      parts.removeLast()
    }
    return byPath[(parts.map(String.init) + [String(name)]).joined(separator: "/")]
  }

  /// Files whose path begins so.
  func under(_ folder: String) -> [CaseFile] { files.filter { $0.path.hasPrefix(folder) } }

  /// The one file that a bare hash beside it means: `x.lime` for `x.lime.sha256` or `x.sha256`; the only image for `lime_sha256.txt`.
  func owner(of list: String) -> CaseFile? {
    let folder = Self.folder(list)
    let name = Self.last(list)
    var stem = name
    while let dot = stem.lastIndex(of: ".") {
      stem = String(stem[..<dot])
      if let file = byPath[folder + stem] { return file }
    }
    let beside = byFolder[folder, default: []].filter { $0.path != list }
    let starting = beside.filter { Self.last($0.path).hasPrefix(stem + ".") && !HashList.isNamedLikeOne($0.path) }
    if starting.count == 1 { return starting[0] }
    // `lime_sha256.txt`: the word before the algorithm is an ending, or part of a name.
    guard let word = name.split(whereSeparator: { $0 == "_" || $0 == "-" || $0 == "." }).first?.lowercased() else {
      return nil
    }
    let matching = beside.filter { file in
      let other = Self.last(file.path).lowercased()
      return !HashList.isNamedLikeOne(file.path)
        && (other.hasSuffix("." + word) || other.contains("." + word + ".") || other.hasPrefix(word + "."))
    }
    return matching.count == 1 ? matching[0] : nil
  }
}
