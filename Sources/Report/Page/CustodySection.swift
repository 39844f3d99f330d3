import Timeline

/// What the report rests on: every artifact with its digests, what vouches for them, the tool, the rules, and the secrets that
/// lay open.
struct CustodySection {
  let page: ReportPage

  private static let maximumArtifacts = 1000

  func write(_ html: inout HTML) {
    page.heading("custody", .custody, &html)
    let report = page.report
    html.raw("<dl class=\"facts\"><div>")
    html.element("dt", page.phrases.label(.tool))
    html.element("dd", "ir-analyze " + report.tool.version)
    html.raw("</div>")
    for (name, fingerprint) in report.tool.rules.sorted(by: { $0.key < $1.key }).prefix(50) {
      html.raw("<div>")
      html.element("dt", "\(page.phrases.label(.rules)): \(name)")
      html.element("dd", fingerprint, [("class", "digest")])
      html.raw("</div>")
    }
    html.raw("</dl>\n")
    vouching(&html)
    exposures(&html)
    html.raw("<details class=\"whole\"><summary>")
    html.text("\(page.phrases.label(.artifacts)) (\(Format.count(report.artifacts.count)))")
    html.raw("</summary><div class=\"scroll\"><table><thead><tr>")
    for label in [Label.artifact, .size, .kind] { html.element("th", page.phrases.label(label)) }
    html.raw("<th>SHA-256 / SHA-1 / MD5</th></tr></thead><tbody>\n")
    for artifact in report.artifacts.prefix(Self.maximumArtifacts) {
      html.raw("<tr>")
      html.element("td", artifact.paths.sorted().prefix(4).joined(separator: "\n"), [("class", "path")])
      html.element("td", Format.bytes(artifact.size), [("class", "number")])
      html.element("td", artifact.kind)
      let digests = [artifact.digest.hex, artifact.digests["sha1"], artifact.digests["md5"]].compactMap { $0 }
      let version = artifact.version.map { ["\(page.phrases.label(.version)): \($0)"] } ?? []
      html.element("td", (digests + version).joined(separator: "\n"), [("class", "digest")])
      html.raw("</tr>\n")
    }
    html.raw("</tbody></table></div>")
    if report.artifacts.count > Self.maximumArtifacts {
      html.element(
        "p", page.fill(.more, Format.count(report.artifacts.count - Self.maximumArtifacts)) + " (incident.json)",
        [("class", "note")])
    }
    html.raw("</details></section>\n")
  }

  /// Who signed the custody log, and what became of the hashes that collectors left.
  private func vouching(_ html: inout HTML) {
    let custody = page.report.custody
    if custody.signers.isEmpty {
      html.element("p", page.phrases.label(.custodyUnsigned), [("class", "note")])
    } else {
      html.element("p", page.fill(.custodySigned, custody.signers.joined(separator: ", ")), [("class", "digest")])
      if custody.unsigned > 0 {
        html.element("p", page.fill(.custodyPartlyUnsigned, Format.count(custody.unsigned)), [("class", "note")])
      }
    }
    guard !custody.checks.isEmpty else { return }
    let others = custody.checks.filter { !$0.isMatch }
    html.element(
      "p",
      page.fill(
        .hashesCompared, Format.count(custody.checks.count), Format.count(custody.checks.count - others.count),
        Format.count(others.count)))
    guard !others.isEmpty else { return }
    html.raw("<ul>\n")
    for check in others.prefix(200) { html.element("li", "\(check.verdict): \(check.sentence)") }
    html.raw("</ul>\n")
    if others.count > 200 { html.element("p", page.fill(.more, Format.count(others.count - 200)), [("class", "note")]) }
  }

  private func exposures(_ html: inout HTML) {
    html.element("h3", page.phrases.label(.exposures))
    let exposures = page.report.incident.exposures
    html.element(
      "p", page.phrases.label(exposures.isEmpty ? .noExposures : .secretsMasked), [("class", "note")])
    guard !exposures.isEmpty else { return }
    html.raw("<div class=\"scroll\"><table><thead><tr>")
    for label in [Label.kind, .fingerprint, .artifact, .locator, .usedFrom] {
      html.element("th", page.phrases.label(label))
    }
    html.raw("</tr></thead><tbody>\n")
    for exposure in exposures.prefix(200) {
      html.raw("<tr>")
      html.element("td", exposure.kind.rawValue)
      html.element("td", exposure.fingerprint, [("class", "digest")])
      html.element("td", page.report.byDigest[exposure.artifact]?.name ?? exposure.artifact.hex, [("class", "path")])
      html.raw("<td><code>")
      html.text(exposure.locator.text)
      html.raw("</code></td>")
      html.element("td", page.phrases.uses(of: exposure))
      html.raw("</tr>\n")
    }
    html.raw("</tbody></table></div>\n")
    if exposures.count > 200 {
      html.element("p", page.fill(.more, Format.count(exposures.count - 200)), [("class", "note")])
    }
  }
}
