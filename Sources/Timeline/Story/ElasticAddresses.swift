import Evidence

/// Public addresses that the account was given, by its own log: an instance that begins to call from one has got a new way
/// out, and nobody has its credentials.
enum ElasticAddresses {
  private static let calls: Set<String> = ["AllocateAddress", "AssociateAddress", "CreateNatGateway"]
  private static let lead = "\"publicIp\":\""

  /// The addresses that a call gave the account. What an instance's role asks for may be the intruder's wish.
  static func given(by event: Event) -> [String] {
    guard let name = event.text("event_name"), calls.contains(name), event.text("error_code") == nil,
      event.text("instance") == nil
    else { return [] }
    return ["response_elements", "request_parameters"].flatMap { name -> [String] in
      guard let text = event.text(name), text.utf8.count <= 1 << 16 else { return [] }
      return text.ranges(of: lead).prefix(8).map { String(text[$0.upperBound...].prefix { $0 != "\"" }.prefix(64)) }
    }.filter { AddressRange.isAddress($0) && !AddressRange.isPrivate($0) }
  }

  /// Says so of findings that took the new way out for somebody else's machine.
  static func weigh(_ findings: inout [Finding], _ own: Set<String>) {
    guard !own.isEmpty else { return }
    for index in findings.indices where findings[index].rule == "cloud.instance-credentials-elsewhere" {
      guard findings[index].severity > .low, let far = findings[index].text("remote_host"), own.contains(far),
        findings[index]["remote_hosts"] == nil
      else { continue }
      findings[index].severity = .low
      findings[index].confidence = .low
      findings[index].message += " The account was given \(far) itself."
    }
  }
}
