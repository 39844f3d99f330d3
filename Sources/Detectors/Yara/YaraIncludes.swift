import Bytes
import Foundation

/// Reads what `include` names, and nothing outside the rules directory: neither `../` nor a link leads out.
struct YaraIncludes {
  /// nil: nothing may be included.
  let root: String?

  init(root: String?) { self.root = root }

  /// - Parameters:
  ///   - name: as written after `include`.
  ///   - caller: path of the including file, relative to the root.
  func read(_ name: String, from caller: String) -> [UInt8]? {
    guard let path = resolve(name, from: caller), let data = FileManager.default.contents(atPath: path),
      data.count <= maximumRuleFileSize
    else { return nil }
    let text = Self.plain([UInt8](data))
    return text.contains(0) ? nil : text
  }

  /// Without the mark that some editors put in front of UTF-8, and as UTF-8 what is UTF-16 by its mark: libyara's compiler takes both
  /// for mistakes.
  static func plain(_ text: [UInt8]) -> [UInt8] {
    if text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF]), text.count.isMultiple(of: 2) {
      return String(bytes: text, encoding: .utf16).map { Array($0.utf8) } ?? text
    }
    return text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
  }

  func resolve(_ name: String, from caller: String) -> String? {
    guard let root, !name.isEmpty, !name.hasPrefix("/"), let top = realPath(root) else { return nil }
    let folder = (caller as NSString).deletingLastPathComponent
    let joined = folder.hasPrefix("/") ? folder + "/" + name : root + "/" + folder + "/" + name
    guard let real = realPath(joined), real.hasPrefix(top + "/") else { return nil }
    return real
  }

  /// Texts of all files that a source includes, directly or through others, without comments and layout.
  func normalized(from source: YaraSource) -> [String] {
    var texts: [String] = []
    var seen: Set<String> = []
    var waiting = source.includes.map { (name: $0, caller: source.path) }
    while let (name, caller) = waiting.popLast() {
      guard let path = resolve(name, from: caller), seen.insert(path).inserted, let bytes = read(name, from: caller)
      else { continue }
      let file = YaraSource(path: path, text: bytes)
      texts.append(file.normalized)
      waiting += file.includes.map { (name: $0, caller: path) }
    }
    return texts.sorted()
  }

  /// As libyara's own limit.
  private static let maximumDepth = 16
  private static let maximumFlattened = 256 << 20

  /// The source with the included files in the places where they are named, as the compiler reads them, so that its rules
  /// can be taken apart; the source itself where an included file cannot be read.
  func flattened(_ source: YaraSource) -> YaraSource {
    var size = 0
    guard !source.includes.isEmpty, let text = flattened(source.text, from: source.path, &size, depth: 0) else {
      return source
    }
    return YaraSource(path: source.path, text: text, namespace: source.namespace)
  }

  private func flattened(_ text: [UInt8], from caller: String, _ size: inout Int, depth: Int) -> [UInt8]? {
    // Each file costs its reading, however short it is.
    size += text.count + 4096
    guard depth <= Self.maximumDepth, size <= Self.maximumFlattened else { return nil }
    return text.withView { view in
      let tokens = YaraToken.tokens(of: view)
      var out: [UInt8] = []
      var done = 0
      for (index, token) in tokens.enumerated() where token.kind == .word && token.text == "include" {
        guard index + 1 < tokens.count, tokens[index + 1].kind == .text else { continue }
        let name = String(tokens[index + 1].text.dropFirst().dropLast())
        guard let path = resolve(name, from: caller), let content = read(name, from: caller),
          let inner = flattened(content, from: path, &size, depth: depth + 1)
        else { return nil }
        out += view.slice(done, token.range.lowerBound).array + inner + [0x0A]
        done = tokens[index + 1].range.upperBound
      }
      return out + view.slice(done).array
    }
  }
}
