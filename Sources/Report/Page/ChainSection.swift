import Evidence
import Timeline

/// The kill chain, drawn: one box a step, in the order in which they happened.
struct ChainSection {
  let page: ReportPage

  private enum Size {
    static let width = 220
    static let height = 104
    static let gapX = 28
    static let gapY = 34
    static let columns = 5
    static let margin = 2
  }

  func write(_ html: inout HTML) {
    page.heading("chain", .chain, &html)
    let steps = page.report.incident.steps
    if steps.isEmpty {
      html.element("p", page.phrases.label(.noSteps), [("class", "empty")])
    } else {
      draw(steps, &html)
      legend(&html)
    }
    html.raw("</section>\n")
  }

  private func draw(_ steps: [Step], _ html: inout HTML) {
    let columns = min(Size.columns, steps.count)
    let rows = (steps.count + columns - 1) / columns
    let width = columns * Size.width + (columns - 1) * Size.gapX + 2 * Size.margin
    let height = rows * Size.height + (rows - 1) * Size.gapY + 2 * Size.margin
    html.raw("<div class=\"scroll\">")
    html.open(
      "svg",
      [
        ("class", "chain"), ("viewBox", "0 0 \(width) \(height)"), ("role", "group"),
        ("aria-label", page.phrases.label(.chain)),
      ])
    for number in steps.indices.dropFirst() { connector(number, columns, &html) }
    for (number, step) in steps.enumerated() { box(step, number, columns, &html) }
    html.raw("</svg></div>\n")
  }

  private func place(_ number: Int, _ columns: Int) -> (x: Int, y: Int) {
    (
      Size.margin + number % columns * (Size.width + Size.gapX),
      Size.margin + number / columns * (Size.height + Size.gapY)
    )
  }

  private func connector(_ number: Int, _ columns: Int, _ html: inout HTML) {
    let from = place(number - 1, columns)
    let to = place(number, columns)
    let middle = from.y + Size.height / 2
    let path: String
    if number % columns == 0 {
      let between = from.y + Size.height + Size.gapY / 2
      path =
        "M\(from.x + Size.width / 2) \(from.y + Size.height)V\(between)H\(to.x + Size.width / 2)V\(to.y - 5)"
    } else {
      path = "M\(from.x + Size.width) \(middle)H\(to.x - 5)"
    }
    html.open("path", [("class", "link"), ("d", path)])
    html.close("path")
    let (x, y) = number % columns == 0 ? (to.x + Size.width / 2, to.y - 1) : (to.x - 1, middle)
    let head =
      number % columns == 0
      ? "M\(x - 4) \(y - 6)L\(x) \(y)L\(x + 4) \(y - 6)" : "M\(x - 6) \(y - 4)L\(x) \(y)L\(x - 6) \(y + 4)"
    html.open("path", [("class", "link"), ("d", head)])
    html.close("path")
  }

  private func box(_ step: Step, _ number: Int, _ columns: Int, _ html: inout HTML) {
    let (x, y) = place(number, columns)
    html.open("a", [("href", "#step-" + step.id), ("class", "\(step.status.rawValue) \(step.severity.rawValue)")])
    html.element("title", page.phrases.text(step.title))
    html.open(
      "rect",
      [
        ("class", "box"), ("x", "\(x)"), ("y", "\(y)"), ("width", "\(Size.width)"), ("height", "\(Size.height)"),
        ("rx", "6"),
      ])
    html.close("rect")
    html.open(
      "rect", [("class", "bar"), ("x", "\(x)"), ("y", "\(y + 10)"), ("width", "4"), ("height", "\(Size.height - 20)")])
    html.close("rect")
    html.element(
      "text", step.first.map { Format.clock($0) } ?? "—",
      [("class", "clock"), ("x", "\(x + 16)"), ("y", "\(y + 23)")])
    html.element(
      "text", page.phrases.status(step.status),
      [("class", "state"), ("x", "\(x + Size.width - 12)"), ("y", "\(y + 23)"), ("text-anchor", "end")])
    for (line, text) in TextWrap.lines(page.phrases.text(step.title), width: 22, limit: 3).enumerated() {
      html.element("text", text, [("class", "title"), ("x", "\(x + 16)"), ("y", "\(y + 47 + line * 19)")])
    }
    html.close("a")
  }

  private func legend(_ html: inout HTML) {
    html.raw("<p class=\"legend\">")
    for status in [Step.Status.observed, .inferred, .missing] {
      html.element("span", page.phrases.status(status), [("class", "key " + status.rawValue)])
    }
    html.raw("</p>\n")
  }
}

/// Breaks text for drawings, which cannot break it themselves.
enum TextWrap {
  /// Width in halves of a Korean or Chinese character, which is about two Latin ones.
  static func width(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + (width($1)) }
  }

  private static func width(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0x300...0x36F: 0
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60: 2
    default: 1
    }
  }

  static func lines(_ text: String, width limit: Int, limit lines: Int) -> [String] {
    var made: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: true) {
      var rest = Substring(word)
      while !rest.isEmpty {
        let joined = line.isEmpty ? String(rest) : line + " " + rest
        if width(joined) <= limit {
          line = joined
          rest = ""
        } else if line.isEmpty {
          let head = prefix(rest, limit)
          made.append(String(head))
          rest = rest[head.endIndex...]
        } else {
          made.append(line)
          line = ""
        }
      }
    }
    if !line.isEmpty { made.append(line) }
    if made.count > lines, lines > 0 {
      made = Array(made.prefix(lines))
      made[lines - 1] = String(prefix(Substring(made[lines - 1]), limit - 1)) + "…"
    }
    return made
  }

  private static func prefix(_ text: Substring, _ limit: Int) -> Substring {
    var used = 0
    var end = text.startIndex
    while end < text.endIndex {
      used += width(String(text[end]))
      if used > limit, end > text.startIndex { break }
      end = text.index(after: end)
    }
    return text[..<end]
  }
}
