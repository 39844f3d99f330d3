extension SigmaTaxonomy {
  /// Fields of a rule that no record of its kind has: a rule that asks for them may never hold, and nobody would know. Nothing is
  /// said where any program may have fields of its own.
  static func unknown(_ fields: Set<String>, _ kind: SigmaSource.Kind) -> [String] {
    fields.filter { !isGiven($0, kind) }.sorted()
  }

  private static func isGiven(_ field: String, _ kind: SigmaSource.Kind) -> Bool {
    if times.contains(field) || !attributes(field, kind).isEmpty { return true }
    switch kind {
    case .native, .application: return true
    // Small letters are our own names. The audit daemon's are small throughout, or large where it has found a name for a number.
    case .log, .audit: return !hasCapital(field) || field.utf8.allSatisfy { !(0x61...0x7A).contains($0) }
    case .cloudTrail, .kubernetes:
      let root = field.prefix { $0 != "." }
      if root.utf8.count < field.utf8.count, objects(kind)[String(root)] != nil { return true }
      return kind == .kubernetes
        ? kubernetesMembers.contains(field) || !hasCapital(field) : cloudTrailOwn.contains(field)
    case .firewall where SigmaFirewall.derived.contains(field): return true
    default: return derived.contains(field) || !hasCapital(field) && !field.contains("-") && !field.contains(".")
    }
  }

  private static func hasCapital(_ field: String) -> Bool { field.utf8.contains { (0x41...0x5A).contains($0) } }

  /// What `SigmaRecordMaker` makes beyond what the tables name.
  private static let derived: Set<String> = [
    "Initiated", "cs-host", "r-dns", "c-uri-stem", "cs-uri-stem", "c-uri-extension",
  ]

  /// The attributes of a CloudTrail record, which rules may ask for by our own names.
  private static let cloudTrailOwn: Set<String> = [
    "access_key", "additional_event_data", "api_version", "edge_device", "error_code", "error_message",
    "event_category",
    "event_id", "event_name", "event_source", "event_type", "event_version", "host", "identity_account", "identity_arn",
    "identity_provider", "identity_type", "insight_details", "instance", "invoked_by", "issuer_arn", "issuer_type",
    "management_event", "mfa", "principal_id", "read_only", "recipient_account", "record_key", "recorded_time",
    "region",
    "request_id", "request_parameters", "resources", "response_elements", "role", "role_id", "service_event_details",
    "session_created", "session_from_console", "session_name", "shared_event_id", "source_identity", "source_ip",
    "tls_cipher", "tls_host", "tls_version", "unknown_fields", "user", "user_agent", "user_identity", "vpc_endpoint",
    "vpc_endpoint_account", "ec2_role_delivery",
  ]
}

extension SigmaExpression {
  /// Every field that it looks at.
  var fields: Set<String> {
    switch self {
    case .not(let part): return part.fields
    case .all(let parts), .any(let parts): return parts.reduce(into: []) { $0.formUnion($1.fields) }
    case .item(let item):
      var fields = Set([item.field].compactMap { $0 })
      for test in item.tests { if case .field(let name, _, _, _) = test { fields.insert(name) } }
      return fields
    }
  }
}
