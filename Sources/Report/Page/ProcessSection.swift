import Foundation
import Timeline

/// The processes of the attack with what started them, then all.
struct ProcessSection {
  let page: ReportPage

  /// Rows of the full tree; a host seldom has a thousand processes.
  private static let maximumRows = 1500
  private static let maximumDepth = 24

  func write(_ html: inout HTML) {
    page.heading("processes", .processes, &html)
    let nodes = page.report.incident.processes
    if nodes.isEmpty {
      html.element("p", page.phrases.label(.noProcesses), [("class", "empty")])
    } else {
      let tree = Tree(nodes)
      let attack = tree.rows.filter { tree.isKept($0.node.pid) }
      if !attack.isEmpty {
        html.element("h3", page.phrases.label(.attackProcesses))
        table(attack, &html)
      }
      html.raw("<details class=\"whole\"><summary>")
      html.text(page.fill(.allProcesses, Format.count(nodes.count)))
      html.raw("</summary>")
      table(Array(tree.rows.prefix(Self.maximumRows)), &html)
      if tree.rows.count > Self.maximumRows {
        html.element("p", page.fill(.more, Format.count(tree.rows.count - Self.maximumRows)), [("class", "note")])
      }
      html.raw("</details>\n")
    }
    html.raw("</section>\n")
  }

  /// The forest in the order in which it is drawn.
  struct Tree {
    private(set) var rows: [(node: ProcessNode, depth: Int)] = []
    private var kept: Set<Int64> = []

    init(_ nodes: [ProcessNode]) {
      let byPID = Dictionary(nodes.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
      var children: [Int64: [ProcessNode]] = [:]
      var roots: [ProcessNode] = []
      for node in nodes {
        if let parent = node.parent, parent != node.pid, byPID[parent] != nil {
          children[parent, default: []].append(node)
        } else {
          roots.append(node)
        }
      }
      var seen: Set<Int64> = []
      func walk(from root: ProcessNode) {
        var open = [(root, 0)]
        while let (node, depth) = open.popLast() {
          guard seen.insert(node.pid).inserted else { continue }
          rows.append((node, depth))
          for child in (children[node.pid] ?? []).reversed() { open.append((child, depth + 1)) }
        }
      }
      for root in roots { walk(from: root) }
      // What is left hangs in circles: numbers that were used twice, or a damaged list.
      for node in nodes where !seen.contains(node.pid) { walk(from: node) }
      for node in nodes where node.isAttack {
        var place: Int64? = node.pid
        while let pid = place, kept.insert(pid).inserted { place = byPID[pid]?.parent }
      }
    }

    func isKept(_ pid: Int64) -> Bool { kept.contains(pid) }
  }

  private func table(_ rows: [(node: ProcessNode, depth: Int)], _ html: inout HTML) {
    html.raw("<div class=\"scroll\"><table class=\"tree\"><thead><tr><th>PID</th>")
    for label in [Label.command, .user, .started, .sockets] { html.element("th", page.phrases.label(label)) }
    html.raw("</tr></thead><tbody>\n")
    for (node, depth) in rows {
      html.open("tr", node.isAttack ? [("class", "attack")] : [])
      html.element("td", String(node.pid), [("class", "number")])
      html.open("td", [("class", "d\(min(depth, Self.maximumDepth))")])
      html.element("strong", node.name)
      html.raw(" <code>")
      html.text(TimelineRecord.cut(node.command, to: 400))
      html.raw("</code></td>")
      html.element("td", node.user ?? "")
      html.element("td", node.start.map { Format.dateTime($0) } ?? "", [("class", "number")])
      html.raw("<td>")
      for connection in node.connections.prefix(8) { html.element("code", connection, [("class", "line")]) }
      if node.connections.count > 8 {
        html.element("span", page.fill(.more, Format.count(node.connections.count - 8)), [("class", "small")])
      }
      html.raw("</td></tr>\n")
    }
    html.raw("</tbody></table></div>\n")
  }
}
