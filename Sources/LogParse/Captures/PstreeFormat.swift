import Bytes
import Evidence

/// `pstree -p`, also with arguments (`-a`), users (`-u`) and in any of its line drawings: who started whom.
///
/// Who stands in a column, and what is told of others below it in that column, has one parent.
struct PstreeFormat: LogFormat {
  let name = "capture.pstree"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard lines.count >= 2, let first = lines.first, !PstreeLine.nodes(first).isEmpty,
      PstreeLine.nodes(first).first?.column == 0
    else { return nil }
    let drawn = lines.dropFirst().filter { PstreeLine.isDrawn($0) }
    guard drawn.count == lines.count - 1, drawn.contains(where: { !PstreeLine.nodes($0).isEmpty }) else { return nil }
    return .high
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    // Of each column that is open: the process that stands in it last, and its parent.
    var open: [(column: Int, pid: Int64, parent: Int64?)] = []
    try readLines(stream, into: sink) { line in
      let nodes = PstreeLine.nodes(line.bytes)
      guard !nodes.isEmpty else {
        return PstreeLine.isDrawn(line.bytes)
          ? .parsed : .skipped(CommandMessage.reason(line.bytes) ?? "line is not of pstree")
      }
      var before: Int64?
      for node in nodes {
        while let last = open.last, last.column > node.column { open.removeLast() }
        var parent = before
        if parent == nil {
          if let last = open.last, last.column == node.column {
            parent = last.parent
          } else {
            parent = open.last?.pid
          }
        }
        while let last = open.last, last.column >= node.column { open.removeLast() }
        if open.count < PstreeLine.maximumDepth { open.append((node.column, node.pid, parent)) }
        before = node.pid
        if !node.isThread { sink.event(node.event(parent, line.locator)) }
      }
      return .parsed
    }
  }
}

/// What stands in a line. Valid while the line is.
private enum PstreeLine {
  static let maximumDepth = 4096
  private static let maximumNodes = 1024

  struct Node {
    let column: Int
    let pid: Int64
    let name: ByteView
    var user: ByteView?
    var arguments: ByteView?

    var isThread: Bool { name[0] == 0x7B }

    func event(_ parent: Int64?, _ locator: Locator) -> Event {
      let command = name.string
      let line = arguments.map { $0.isEmpty ? command : "\(command) \($0.string)" } ?? command
      var attributes: [Attribute] = [Attribute("pid", pid)]
      attributes.add("ppid", parent)
      attributes.add("user", user?.string)
      attributes.add("command", command)
      attributes.add("command_line", line)
      var entities = [Entity(.process, String(pid))]
      if let user { entities.append(Entity(.user, user.string)) }
      return Event(
        time: nil, .start, dataType: "linux:capture:process", message: "Process \(pid) runs \(line).",
        entities: entities, attributes: attributes, locator: locator)
    }
  }

  /// Whether a line begins with nothing but blanks and strokes, or has some.
  static func isDrawn(_ line: ByteView) -> Bool {
    line[0] == 0x20 || line[0] == 0x7C || line[0] == 0x60 || line[0] == 0xE2
  }

  // systemd(1)-+-accounts-daemon(701)-+-{accounts-daemon}(712)        │   └─xmrig,920 -o 198.51.100.7:3333
  static func nodes(_ line: ByteView) -> [Node] {
    var nodes: [Node] = []
    var (place, column) = (0, 0)
    while place < line.count, nodes.count < maximumNodes {
      // Strokes are three bytes each and one column.
      if line[place] == 0xE2, line[place + 1] == 0x94 {
        place += 3
        column += 1
        continue
      }
      let byte = line[place]
      if byte == 0x20 || byte == 0x7C || byte == 0x60 || byte == 0x2B || byte == 0x2D {
        place += 1
        column += 1
        continue
      }
      guard let (node, end) = node(line, place, column) else { return nodes }
      nodes.append(node)
      if node.arguments != nil { return nodes }
      for index in place..<end where line[index] & 0xC0 != 0x80 { column += 1 }
      place = end
    }
    return nodes
  }

  private static func node(_ line: ByteView, _ place: Int, _ column: Int) -> (Node, end: Int)? {
    let rest = line.slice(place, place + 256)
    if let found = nodeWithArguments(line, rest, place, column) { return found }
    var start = 0
    // A name may hold brackets of its own: the number is what tells.
    while let open = rest.firstIndex(of: 0x28, from: start) {
      start = open + 1
      var end = start
      while (0x30...0x39).contains(rest[end]) { end += 1 }
      guard end > start, let pid = rest.slice(start, end).integer, open > 0 else { continue }
      if rest[end] == 0x29 {
        return (Node(column: column, pid: pid, name: rest.slice(0, open)), place + end + 1)
      }
      if rest[end] == 0x2C, let close = rest.firstIndex(of: 0x29, from: end) {
        // What else is told of it: `,ubuntu`, `,systemd-+`.
        let user = rest.slice(end + 1, close)
        return (Node(column: column, pid: pid, name: rest.slice(0, open), user: user), place + close + 1)
      }
    }
    return nil
  }

  // java,800,tomcat -Dx=y
  /// With arguments there is one process a line.
  private static func nodeWithArguments(
    _ line: ByteView, _ rest: ByteView, _ place: Int, _ column: Int
  ) -> (Node, end: Int)? {
    guard let comma = rest.firstIndex(of: 0x2C), comma > 0 else { return nil }
    let name = rest.slice(0, comma)
    guard name.firstIndex(of: 0x20) == nil, name.firstIndex(of: 0x28) == nil else { return nil }
    var end = comma + 1
    while (0x30...0x39).contains(rest[end]) { end += 1 }
    guard end > comma + 1, let pid = rest.slice(comma + 1, end).integer else { return nil }
    var user: ByteView?
    if rest[end] == 0x2C {
      let blank = rest.firstIndex(of: 0x20, from: end) ?? rest.count
      user = rest.slice(end + 1, blank)
      end = blank
    }
    guard end >= rest.count || rest[end] == 0x20 else { return nil }
    let arguments = line.slice(place + end).trimmed
    return (Node(column: column, pid: pid, name: name, user: user, arguments: arguments), line.count)
  }
}
