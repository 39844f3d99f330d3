import Evidence
import Timeline

/// Who and what, in four columns: AWS names, the attack's addresses, processes, files and the like.
struct GraphSection {
  let page: ReportPage

  /// More than these in a column nobody can read; the rest are in `incident.json`.
  private static let maximumColumn = 14
  private static let width = 250
  private static let height = 40
  private static let gapX = 86
  private static let gapY = 14

  private struct Node {
    var entity: StoryEntity
    var x: Int
    var y: Int
  }

  func write(_ html: inout HTML) {
    page.heading("graph", .graph, &html)
    let incident = page.report.incident
    let ends = Set(incident.edges.flatMap { [$0.from, $0.to] })
    let shown = incident.entities.filter { ends.contains($0.entity) && column($0.entity.kind) != nil }
    if shown.isEmpty {
      html.element("p", page.phrases.label(.noEdges), [("class", "empty")])
    } else {
      draw(shown, incident.edges, &html)
    }
    html.raw("</section>\n")
  }

  private func column(_ kind: Entity.Kind) -> Int? {
    switch kind {
    case .accessKey, .role, .account, .instance, .host: 0
    case .address, .domain, .url: 1
    case .process, .container: 2
    case .file, .hash, .user: 3
    case .socket: nil
    }
  }

  private func draw(_ entities: [StoryEntity], _ edges: [Edge], _ html: inout HTML) {
    var columns: [[StoryEntity]] = Array(repeating: [], count: 4)
    for entity in entities {
      if let column = column(entity.entity.kind), columns[column].count < Self.maximumColumn {
        columns[column].append(entity)
      }
    }
    let used = columns.filter { !$0.isEmpty }
    let tallest = used.map(\.count).max() ?? 1
    let height = tallest * (Self.height + Self.gapY) - Self.gapY + 4
    let width = used.count * (Self.width + Self.gapX) - Self.gapX + 4
    var nodes: [Entity: Node] = [:]
    for (number, list) in used.enumerated() {
      let free = height - 4 - (list.count * (Self.height + Self.gapY) - Self.gapY)
      for (row, entity) in ordered(list).enumerated() {
        nodes[entity.entity] = Node(
          entity: entity, x: 2 + number * (Self.width + Self.gapX),
          y: 2 + free / 2 + row * (Self.height + Self.gapY))
      }
    }
    html.raw("<div class=\"scroll\">")
    html.open(
      "svg",
      [
        ("class", "graph"), ("viewBox", "0 0 \(width) \(height)"), ("role", "group"),
        ("aria-label", page.phrases.label(.graph)),
      ])
    var drawn: Set<String> = []
    for edge in edges {
      guard let from = nodes[edge.from], let to = nodes[edge.to],
        drawn.insert(edge.from.text + "\u{1F}" + edge.to.text).inserted
      else { continue }
      link(edge, from, to, &html)
    }
    for entity in entities { if let node = nodes[entity.entity] { box(node, &html) } }
    html.raw("</svg></div>\n")
  }

  /// Processes by number, which is the order in which they started; all else by name.
  private func ordered(_ list: [StoryEntity]) -> [StoryEntity] {
    list.sorted { left, right in
      if left.entity.kind == .process, right.entity.kind == .process {
        return (Int64(left.entity.value) ?? 0) < (Int64(right.entity.value) ?? 0)
      }
      return left.entity < right.entity
    }
  }

  private func link(_ edge: Edge, _ from: Node, _ to: Node, _ html: inout HTML) {
    let fromY = from.y + Self.height / 2
    let toY = to.y + Self.height / 2
    let path: String
    if from.x == to.x {
      let side = from.x + Self.width
      let out = side + min(18 + abs(toY - fromY) / 8, Self.gapX - 12)
      path = "M\(side) \(fromY)C\(out) \(fromY) \(out) \(toY) \(side) \(toY)"
    } else {
      let isForward = from.x < to.x
      let start = isForward ? from.x + Self.width : from.x
      let end = isForward ? to.x : to.x + Self.width
      let middle = (start + end) / 2
      path = "M\(start) \(fromY)C\(middle) \(fromY) \(middle) \(toY) \(end) \(toY)"
    }
    html.open(
      "path", [("class", "edge"), ("d", path), ("data-from", edge.from.text), ("data-to", edge.to.text)])
    html.element(
      "title", "\(edge.from.text) \(page.phrases.text(Phrase(edge.relation))) \(edge.to.text) (\(edge.key))")
    html.close("path")
  }

  private func box(_ node: Node, _ html: inout HTML) {
    let entity = node.entity
    html.open(
      "g", [("class", "node " + entity.side.rawValue), ("data-id", entity.entity.text), ("tabindex", "0")])
    html.element("title", entity.entity.text)
    html.open(
      "rect",
      [("x", "\(node.x)"), ("y", "\(node.y)"), ("width", "\(Self.width)"), ("height", "\(Self.height)"), ("rx", "5")])
    html.close("rect")
    let name = entity.label.map { "\($0) · \(entity.entity.value)" } ?? entity.entity.value
    html.element(
      "text", entity.entity.kind.rawValue.replacingOccurrences(of: "_", with: " "),
      [("class", "kind"), ("x", "\(node.x + 12)"), ("y", "\(node.y + 15)")])
    html.element(
      "text", TextWrap.lines(name, width: 32, limit: 1).first ?? "",
      [("class", "name"), ("x", "\(node.x + 12)"), ("y", "\(node.y + 31)")])
    html.close("g")
  }
}
