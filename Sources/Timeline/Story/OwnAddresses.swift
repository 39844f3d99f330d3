import Evidence

/// Public addresses that are the account's own: nobody must be told to block them.
enum OwnAddresses {
  static func find(in view: CaseView) -> Set<String> {
    var own = view.index.keys.homes.union(view.index.elastic)
    for alert in view.index.alerts {
      for name in ["public_addresses", "ipv6_addresses"] {
        if case .texts(let all)? = alert.event[name] { own.formUnion(all) }
      }
    }
    // Who sends a payload from there, or is called back there, has his own machine in this account.
    for finding in view.findings where !finding.isOfCloud && Stage(of: finding) != .alert {
      guard finding.severity >= .medium, !finding.rule.hasPrefix("securityhub.") else { continue }
      if let end = finding.remoteEnd { own.remove(end.host) }
      if let client = finding.text("client_ip") { own.remove(client) }
    }
    return own
  }
}
