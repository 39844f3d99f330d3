import Bytes
import Evidence
import Foundation
import Timeline

/// `report.html`: one file that opens anywhere, loads nothing, and runs nothing but its own script.
struct ReportPage {
  let report: ReportModel
  let phrases: Phrases

  init(_ report: ReportModel) {
    self.report = report
    phrases = report.phrases
  }

  func html() -> [UInt8] {
    let style = PageStyle.all
    let script = PageScript.all
    var html = HTML()
    html.raw("<!doctype html>\n")
    html.open("html", [("lang", phrases.language.rawValue)])
    html.raw("\n<head>\n<meta charset=\"utf-8\">\n")
    html.raw("<meta http-equiv=\"Content-Security-Policy\"")
    html.attribute(
      "content",
      "default-src 'none'; style-src '\(Self.hash(style))'; script-src '\(Self.hash(script))'; base-uri 'none'; "
        + "form-action 'none'")
    html.raw(">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    html.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
    html.element("title", "\(phrases.label(.report)): \(report.title)")
    html.raw("\n<style>")
    html.verbatim(style)
    html.raw("</style>\n</head>\n<body>\n")
    body(&html)
    html.raw("\n<script type=\"application/json\" id=\"data\">")
    html.json(PageData.json(report, phrases))
    html.raw("</script>\n<script>")
    html.verbatim(script)
    html.raw("</script>\n</body>\n</html>\n")
    return html.bytes
  }

  /// What a browser compares an inline element with (CSP 3, section 8.3).
  private static func hash(_ code: String) -> String {
    "sha256-" + Data(Digest(of: Array(code.utf8)).bytes).base64EncodedString()
  }

  private func body(_ html: inout HTML) {
    html.raw("<a class=\"skip\" href=\"#main\">")
    html.text(phrases.label(.skip))
    html.raw("</a>\n")
    header(&html)
    html.raw("<div class=\"layout\">\n")
    contents(&html)
    html.raw("<main id=\"main\">\n")
    VerdictSection(page: self).write(&html)
    ChainSection(page: self).write(&html)
    ResponseSection(page: self).write(&html)
    StorySection(page: self).write(&html)
    TimelineSection(page: self).write(&html)
    GraphSection(page: self).write(&html)
    ProcessSection(page: self).write(&html)
    FindingsSection(page: self).write(&html)
    MatrixSection(page: self).write(&html)
    CoverageSection(page: self).write(&html)
    CustodySection(page: self).write(&html)
    html.raw("</main>\n</div>\n")
  }

  private func header(_ html: inout HTML) {
    html.raw("<header class=\"top\"><div class=\"brand\"><strong>ir-analyze</strong><span>")
    html.text(report.title)
    html.raw("</span></div><label class=\"search\"><span class=\"hidden\">")
    html.text(phrases.label(.search))
    html.raw("</span><input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"")
    html.attribute("placeholder", phrases.label(.search))
    html.raw("></label><button id=\"theme\" type=\"button\">")
    html.text(phrases.label(.theme))
    html.raw("</button><button id=\"print\" type=\"button\">")
    html.text(phrases.label(.print))
    html.raw("</button></header>\n")
  }

  private func contents(_ html: inout HTML) {
    html.raw("<nav class=\"side\"")
    html.attribute("aria-label", phrases.label(.contents))
    html.raw("><ol>\n")
    let counts: [(Label, String, Int?)] = [
      (.verdict, "verdict", nil), (.chain, "chain", nil), (.response, "response", report.incident.response.count),
      (.story, "story", report.incident.steps.count), (.timeline, "timeline", report.eventCount),
      (.graph, "graph", nil), (.processes, "processes", report.incident.processes.filter(\.isAttack).count),
      (.findings, "findings", report.incident.findings.count), (.matrix, "matrix", nil),
      (.coverage, "coverage", report.coverage.gaps.count), (.custody, "custody", report.artifacts.count),
    ]
    for (label, anchor, count) in counts {
      html.raw("<li><a")
      html.attribute("href", "#" + anchor)
      html.raw(">")
      html.text(phrases.label(label))
      if let count {
        html.raw("<span class=\"count\">")
        html.text(Format.count(count))
        html.raw("</span>")
      }
      html.raw("</a></li>\n")
    }
    html.raw("</ol><p class=\"note\">")
    html.text(phrases.label(.times))
    html.raw("</p></nav>\n")
  }

  // MARK: Shared by the sections

  /// Opens a section with its heading; closed by `</section>`.
  func heading(_ id: StaticString, _ label: Label, _ html: inout HTML) {
    html.raw("<section id=\"")
    html.raw(id)
    html.raw("\"><h2>")
    html.text(phrases.label(label))
    html.raw("</h2>\n")
  }

  func fill(_ label: Label, _ arguments: String...) -> String {
    var text = phrases.label(label)
    for (number, argument) in arguments.enumerated() {
      text = text.replacingOccurrences(of: "{\(number)}", with: argument)
    }
    return text
  }

  func severity(_ severity: Severity, _ html: inout HTML) {
    html.element("span", phrases.severity(severity), [("class", "severity \(severity.rawValue)")])
  }

  /// Where a statement rests: path, digest, place, and the command that shows the bytes.
  func evidence(_ reference: EvidenceReference, _ html: inout HTML) {
    html.raw("<li class=\"place\"><span class=\"path\">")
    html.text(reference.path ?? report.byDigest[reference.artifact]?.name ?? "")
    html.raw("</span> <code>")
    html.text(reference.locator.text)
    html.raw("</code>")
    if let said = report.index.message(at: reference) {
      html.raw("<blockquote>")
      html.text(TimelineRecord.cut(said, to: 600))
      html.raw("</blockquote>")
    }
    if let excerpt = report.excerpts[reference] {
      html.raw("<pre class=\"hex\">")
      html.text(excerpt.lines.joined(separator: "\n"))
      html.raw("</pre>")
    }
    command(ShowCommand.text(reference), &html)
    html.raw("</li>\n")
  }

  /// A command with a button that copies it.
  func command(_ text: String, _ html: inout HTML) {
    html.raw("<div class=\"command\"><code>")
    html.text(text)
    html.raw("</code><button type=\"button\" class=\"copy\">")
    html.text(phrases.label(.copy))
    html.raw("</button></div>\n")
  }
}

/// The command that shows the bytes of a place.
enum ShowCommand {
  /// `ir-analyze show DIGEST:OFFSET` where a plain offset says it all, else with the locator, quoted for a shell.
  static func text(_ reference: EvidenceReference) -> String {
    let locator = reference.locator
    if locator.encodings.isEmpty, locator.physical == nil, locator.virtual == nil, locator.other.isEmpty,
      let offset = locator.offset
    {
      return "ir-analyze show \(reference.artifact.hex):\(offset)"
    }
    if locator == .whole { return "ir-analyze show \(reference.artifact.hex):0" }
    return "ir-analyze show '\(reference.artifact.hex):"
      + locator.text.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}

/// Numbers and times for readers.
enum Format {
  /// `36 482`, with narrow spaces.
  static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var out = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { out += "\u{202F}" }
      out.append(digit)
    }
    return (number < 0 ? "-" : "") + out
  }

  static func bytes(_ number: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(number)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    if unit == 0 { return "\(number) B" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  /// `2026-11-25 05:22:38`
  static func dateTime(_ time: Timestamp) -> String {
    time.description.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: "")
  }

  /// `05:22:38`
  static func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(8)) }

  static func date(_ time: Timestamp) -> String { String(time.description.prefix(10)) }

  /// `2 min 43 s`
  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    if whole < 86400 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
    return "\(whole / 86400) d \(whole / 3600 % 24) h"
  }
}
