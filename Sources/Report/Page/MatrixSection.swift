import Evidence
import Timeline

/// The techniques that were seen, under their tactics in ATT&CK's order.
struct MatrixSection {
  let page: ReportPage

  func write(_ html: inout HTML) {
    page.heading("matrix", .matrix, &html)
    let seen = AttackSummary(page.report.incident.findings)
    if seen.techniques.isEmpty {
      html.element("p", page.phrases.label(.noTechniques), [("class", "empty")])
    } else {
      html.raw("<div class=\"scroll\"><div class=\"matrix\">\n")
      for tactic in AttackCatalog.Tactic.allCases {
        let techniques = seen.techniques.filter { $0.technique.tactics.first == tactic }
        guard !techniques.isEmpty else { continue }
        html.raw("<div class=\"tactic\"><h3>")
        html.text(name(tactic))
        html.element("small", tactic.id)
        html.raw("</h3>\n")
        for one in techniques {
          html.open("div", [("class", "technique \(one.severity.rawValue)")])
          html.element("code", one.technique.id)
          html.element("span", one.technique.name)
          html.element("small", Format.count(one.count))
          html.raw("</div>\n")
        }
        html.raw("</div>\n")
      }
      html.raw("</div></div>\n")
    }
    html.raw("</section>\n")
  }

  private func name(_ tactic: AttackCatalog.Tactic) -> String {
    tactic.rawValue.split(separator: "-").map { $0 == "and" ? "and" : $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined(separator: " ")
  }
}

/// Techniques over all findings of severity low or above.
struct AttackSummary {
  struct Line {
    var technique: AttackCatalog.Technique
    var severity: Severity
    var count: Int
  }

  private(set) var techniques: [Line] = []

  init(_ findings: [Finding]) {
    var found: [String: Line] = [:]
    for finding in findings where finding.severity >= .low {
      for id in Set(finding.attack) {
        guard let technique = AttackCatalog.technique(id) else { continue }
        var line = found[id] ?? Line(technique: technique, severity: finding.severity, count: 0)
        line.severity = max(line.severity, finding.severity)
        line.count += 1
        found[id] = line
      }
    }
    techniques = found.values.sorted { $0.technique.id < $1.technique.id }
  }
}
