import Bytes
import Foundation
import Yams

/// The documents of a rule file, as rules stand in them: decoded, parsed, and collections of older rules put together.
struct SigmaDocuments {
  private(set) var documents: [Node] = []
  private(set) var diagnostics: [RuleDiagnostic] = []

  /// Nodes that the aliases of a file may stand for, together; a small file can mean a very large one.
  private static let mostAliased = 100_000
  /// Broken documents of one file, each of which is a beginning anew.
  private static let mostBroken = 32
  /// As deep as the reader of rules goes.
  private static let maximumDepth = 32

  init(_ bytes: [UInt8], path: String) {
    guard let text = decoded(bytes, path) else { return }
    if let line = Self.expansion(text) {
      diagnostics.append(
        RuleDiagnostic(.error, file: path, line: line, "aliases (*name) stand for more than \(Self.mostAliased) values")
      )
      return
    }
    var all: [Node] = []
    let hasMerges = text.contains("<<")
    var rest = text
    for _ in 0..<Self.mostBroken {
      do {
        // What a plain word stands for is asked where it matters; asked of every word, it takes most of the time.
        let parser = try Parser(yaml: rest, resolver: .basic)
        while let node = try parser.nextRoot() {
          all.append(hasMerges ? node.withMerged(depth: Self.maximumDepth) : node)
        }
        break
      } catch {
        // The documents before the broken one stand, and those behind it.
        let problem = Self.broken(path, error)
        diagnostics.append(problem)
        guard let line = problem.line, let behind = Self.documents(of: text, from: line) else { break }
        rest = behind
      }
    }
    for node in all where node.mapping == nil && !SigmaItemReader.isNull(node) {
      diagnostics.append(
        RuleDiagnostic(.error, file: path, line: node.mark?.line ?? 1, "is no rule: a document must be a mapping"))
    }
    if all.allSatisfy({ SigmaItemReader.isNull($0) }), !all.isEmpty {
      diagnostics.append(RuleDiagnostic(.error, file: path, line: 1, "holds no rule"))
    }
    collect(all.filter { $0.mapping != nil })
  }

  // MARK: Text

  /// UTF-8, or UTF-16 where a mark in front says so.
  private mutating func decoded(_ bytes: [UInt8], _ path: String) -> String? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      let text = String(bytes: bytes, encoding: .utf16)
      if text == nil { diagnostics.append(RuleDiagnostic(.error, file: path, line: 1, "is no whole UTF-16")) }
      return text
    }
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    if let text = String(validating: body, as: UTF8.self) { return text }
    let line = Array(body).withView { $0.split(0x0A, limit: 1 << 20).firstIndex { !Base64.isUTF8($0) } }
    diagnostics.append(
      RuleDiagnostic(
        .error, file: path, line: line.map { $0 + 1 }, "is not UTF-8: what stands there would never be found"))
    return nil
  }

  /// The line where aliases come to stand for too much; nil where they do not. Looked at before the parser does, which follows
  /// each of them when it compares keys.
  private static func expansion(_ text: String) -> Int? {
    guard text.contains("*"), text.contains("&") else { return nil }
    return text.withView { text in
      var sizes: [String: Int] = [:]
      var open: String?
      var total = 0
      var line = 1
      var before: UInt8 = 0x0A
      for place in 0..<text.count {
        let byte = text[place]
        if byte == 0x0A { line += 1 }
        let opens = before <= 0x20 || before == 0x5B || before == 0x2C || before == 0x7B
        if opens, byte == 0x26 || byte == 0x2A {
          var end = place + 1
          while end < text.count, text[end] > 0x20, text[end] != 0x2C, text[end] != 0x5D, text[end] != 0x7D { end += 1 }
          let name = text.slice(place + 1, min(end, place + 65)).string
          if byte == 0x26 {
            open = name
            sizes[name] = 1
          } else if let size = sizes[name] {
            total += size
            if let open { sizes[open, default: 1] += size }
          }
          if total > mostAliased { return line }
        } else if byte > 0x20, opens, let open {
          // What stands in an anchor, as far as its end can be told without parsing.
          sizes[open, default: 1] += 1
        }
        before = byte
      }
      return nil
    }
  }

  /// What begins with the first line `---` at or behind a line, at its place in the file; nil where there is none.
  private static func documents(of text: String, from line: Int) -> String? {
    text.withView { view in
      var number = 1
      var start = 0
      while start < view.count {
        let end = view.firstIndex(of: 0x0A, from: start) ?? view.count
        if number >= line, end - start >= 3, view.slice(start, start + 3) == "---",
          end - start == 3 || view[start + 3] <= 0x20
        {
          // Not the same once more, should that be what is broken.
          return String(repeating: "\n", count: number) + view.slice(min(end + 1, view.count)).string
        }
        start = end + 1
        number += 1
      }
      return nil
    }
  }

  private static func broken(_ path: String, _ error: any Error) -> RuleDiagnostic {
    if case YamlError.parser(_, let problem, let mark, _) = error {
      return RuleDiagnostic(.error, file: path, line: mark.line, "not YAML: \(problem)")
    }
    if case YamlError.scanner(_, let problem, let mark, _) = error {
      return RuleDiagnostic(.error, file: path, line: mark.line, "not YAML: \(problem)")
    }
    if case YamlError.composer(_, let problem, let mark, _) = error {
      return RuleDiagnostic(.error, file: path, line: mark.line, "not YAML: \(problem)")
    }
    if case YamlError.duplicatedKeysInMapping(let names, let context) = error {
      return RuleDiagnostic(
        .error, file: path, line: context.mark.line, "not YAML: named twice: \(names.joined(separator: ", "))")
    }
    if case YamlError.reader(let problem, let offset, _, let text) = error {
      let line = offset.map { offset in 1 + text.utf8.prefix(offset).count { $0 == 0x0A } }
      return RuleDiagnostic(.error, file: path, line: line, "not YAML: \(problem)")
    }
    return RuleDiagnostic(.error, file: path, "not YAML: \(error)")
  }

  // MARK: Collections

  /// Older rules share what they have in common: `action: global` is part of each that follows, `repeat` of the one before;
  /// `reset` ends what was global.
  private mutating func collect(_ nodes: [Node]) {
    var shared: Node?
    var last: Node?
    for node in nodes {
      let plain = node.without("action")
      switch node["action"]?.string {
      case "global": shared = shared.map { $0.merged(with: plain, depth: Self.maximumDepth) } ?? plain
      case "reset":
        shared = nil
      case "repeat":
        guard let before = last else { fallthrough }
        let whole = before.merged(with: plain, depth: Self.maximumDepth)
        documents.append(whole)
        last = whole
      default:
        let whole = shared?.merged(with: plain, depth: Self.maximumDepth) ?? plain
        documents.append(whole)
        last = whole
      }
    }
  }
}

extension Node {
  fileprivate func without(_ key: String) -> Node {
    guard let mapping, self[key] != nil else { return self }
    let kept = mapping.filter { $0.key.scalar?.string != key }.map { ($0.key, $0.value) }
    return .mapping(Node.Mapping(kept, mapping.tag, mapping.style, mapping.mark))
  }

  /// With the members that `<<: *name`, or `<<` and a list of such, brings into a mapping, as YAML 1.1 has it: what the mapping
  /// says itself counts, then what stands first.
  fileprivate func withMerged(depth: Int) -> Node {
    guard depth > 0 else { return self }
    if let sequence {
      let nodes = sequence.map { $0.withMerged(depth: depth - 1) }
      return .sequence(Node.Sequence(nodes, sequence.tag, sequence.style, sequence.mark))
    }
    guard let mapping else { return self }
    var pairs: [(Node, Node)] = []
    var brought: [Node] = []
    for (key, value) in mapping {
      let whole = value.withMerged(depth: depth - 1)
      let others = whole.mapping != nil ? [whole] : whole.sequence.map(Array.init) ?? []
      if key.scalar?.string == "<<", key.scalar?.style == .plain, !others.isEmpty,
        others.allSatisfy({ $0.mapping != nil })
      {
        brought += others
      } else {
        pairs.append((key, whole))
      }
    }
    var names = Set(pairs.compactMap { $0.0.scalar?.string })
    for other in brought {
      for (key, value) in other.mapping ?? [:] where key.scalar.map({ names.insert($0.string).inserted }) ?? true {
        pairs.append((key, value))
      }
    }
    return .mapping(Node.Mapping(pairs, mapping.tag, mapping.style, mapping.mark))
  }

  /// With what another adds or says otherwise, mappings member by member.
  fileprivate func merged(with other: Node, depth: Int) -> Node {
    guard depth > 0, let own = mapping, let others = other.mapping else { return other }
    var pairs = own.map { ($0.key, $0.value) }
    for (key, value) in others {
      if let place = pairs.firstIndex(where: { $0.0.scalar?.string == key.scalar?.string }) {
        pairs[place].1 = pairs[place].1.merged(with: value, depth: depth - 1)
      } else {
        pairs.append((key, value))
      }
    }
    return .mapping(Node.Mapping(pairs, others.tag, others.style, others.mark))
  }
}
