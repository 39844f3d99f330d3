import Evidence

/// A payload of which the firewall logged only that it was one, let through, and a connection to a port of JNDI servers that
/// began just then.
///
/// The body that would name the host was never logged, so nothing proves that the two belong together but their time; it is
/// high, not critical, and says so.
enum LabelJoin {
  private static let secondsBefore: Double = 10
  private static let secondsAfter: Double = 60

  static func find(in view: CaseView) -> [Finding] {
    let labels = view.findings.filter { finding in
      finding.rule == "log4shell.waf-label" && finding.text("action") != "BLOCK" && finding.firstSeen != nil
    }.sorted(by: FindingOrder.byTime)
    guard !labels.isEmpty else { return [] }
    return view.findings.filter { $0.rule == "log4shell.callback-port" && $0.severity >= .medium }.compactMap {
      callback in
      guard let began = callback.firstSeen, let end = callback.remoteEnd else { return nil }
      let near = labels.filter { label in
        guard let time = label.firstSeen else { return false }
        let distance = seconds(from: time, to: began)
        return distance >= -secondsBefore - began.slack && distance <= secondsAfter
      }
      guard let label = near.first else { return nil }
      var finding = Finding(
        rule: JoinedFinding.log4shellSucceeded,
        title: "Log4Shell payload let through, and a call to a JNDI port after it",
        severity: .high, confidence: .medium, attack: ["T1190"], firstSeen: label.firstSeen,
        lastSeen: callback.lastSeen,
        entities: Array(Set(label.entities + callback.entities)).sorted(),
        evidence: Array((label.evidence + callback.evidence).prefix(JoinedFinding.maximumEvidence)),
        message: "The firewall let a Log4Shell payload through whose text it did not log, and at \(began) the server "
          + "connected to \(end.text), a port of JNDI servers.")
      finding.attributes.add("waf_label", label.text("waf_label"))
      finding.attributes.add("client_ip", label.text("client_ip"))
      finding.attributes.add("remote_host", end.host)
      finding.attributes.add("remote_port", Int64(end.port))
      return finding
    }
  }
}
