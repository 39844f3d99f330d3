import Evidence

/// API calls, as the parser gives them.
enum CloudSamples {
  static let instance = "i-0b7c4e19d2f35a86e"

  static func call(
    _ name: String, _ service: String = "s3", from address: String = "203.0.113.66", instance: String? = instance,
    key: String = "ASIAEXAMPLE", error: String? = nil, parameters: String? = nil, agent: String = "aws-cli/2.19",
    second: Int64 = 0, more: [Attribute] = []
  ) -> Event {
    var attributes: [Attribute] = [
      Attribute("event_source", service + ".amazonaws.com"), Attribute("event_name", name),
      Attribute("region", "ap-northeast-2"), Attribute("source_ip", address), Attribute("user_agent", agent),
      Attribute("identity_account", "111122223333"), Attribute("access_key", key),
      Attribute("event_id", "\(name)-\(address)-\(second)-\(key)"),
    ]
    attributes.add("error_code", error)
    if let instance {
      attributes += [
        Attribute("identity_type", "AssumedRole"), Attribute("role", "web"), Attribute("session_name", instance),
      ]
    } else {
      attributes += [Attribute("identity_type", "IAMUser"), Attribute("user", "ops")]
    }
    attributes.add("request_parameters", parameters)
    return Event(
      time: Timestamp(seconds: 1_700_000_000 + second), dataType: "aws:cloudtrail:entry", message: "",
      attributes: attributes + more, locator: .whole)
  }

  /// The agent's report, every five minutes of an hour.
  static func agent(from address: String = "192.0.2.10", more: [Attribute] = []) -> [Event] {
    (0..<12).map { call("UpdateInstanceInformation", "ssm", from: address, second: $0 * 300, more: more) }
  }
}
