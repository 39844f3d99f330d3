import Bytes
import Evidence

/// Query logs of the Route 53 resolver of a VPC: `aws:route53:query`.
///
/// Only queries that the resolver did not answer from its cache are logged: absence is no evidence of absence. Fields:
/// Route 53 Developer Guide, "Values that appear in VPC Resolver query logs".
public struct ResolverQueryFormat: LogFormat {
  public let name = "aws.route53resolver"
  public let version = 6

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["query_timestamp", "query_name"]) {
      $0["query_timestamp"] != nil && $0["query_name"] != nil
    }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try AWSRecords.read(stream, named: "resolver query", into: sink) { json, locator in
      guard let query = ResolverQuery(json) else { return false }
      sink.event(query.event(locator))
      return true
    }
  }
}

struct ResolverQuery {
  private var time: Timestamp?
  private var name = ""
  private var attributes: [Attribute] = []
  private var type, code, source, instance, action, account: String?
  private var answers: [(type: String?, data: String)] = []

  init?(_ json: JSONView) {
    var name: String?
    var others: [Attribute] = []
    var unknown: [String] = []
    var recorded: String?
    var isQuery = false
    func keepUnknown(_ key: String, _ value: JSONView) {
      guard unknown.count < 64, value.kind != .null else { return }
      unknown.append(key + "=" + value.bytes.slice(0, 4096).string)
    }
    json.forEachMember { key, value in
      switch key {
      case "query_timestamp":
        time = value.time
        recorded = value.kept
        isQuery = true
      case "query_name": name = value.kept
      case "query_type": type = value.kept
      case "rcode": code = value.kept
      case "srcaddr": source = value.keptAddress
      case "account_id": account = value.kept
      case "firewall_rule_action": action = value.kept
      case "answers":
        value.forEachElement {
          if let data = $0["Rdata"]?.keptAddress { answers.append(($0["Type"]?.kept, data)) }
          return answers.count < 1000
        }
      case "srcids":
        value.forEachMember { key, value in
          switch key {
          case "instance": instance = value.kept
          case "resolver_endpoint", "resolver-endpoint": others.add("resolver_endpoint", value.kept)
          case "resolver_network_interface": others.add("resolver_interface", value.kept)
          default: keepUnknown("srcids." + key.string, value)
          }
          return true
        }
      case "srcport":
        others.add("src_port", value.integer)
        if (value.rawString ?? value.bytes).isHugeNumber { others.add("unread_fields", ["src_port"]) }
      case "transport": others.add("transport", value.kept)
      case "query_class": others.add("query_class", value.kept)
      case "region": others.add("region", value.kept)
      case "vpc_id": others.add("vpc", value.kept)
      case "firewall_rule_group_id": others.add("firewall_rule_group", value.kept)
      case "firewall_domain_list_id": others.add("firewall_domain_list", value.kept)
      case "version": break
      default: keepUnknown(key.string, value)
      }
      return true
    }
    guard isQuery, let name else { return nil }
    // The root's dot at the end belongs to no name as people write it.
    self.name = name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
    attributes.add("query_name", self.name)
    attributes.add("query_type", type)
    attributes.add("response", code)
    attributes.add("answers", answers.map { "\($0.type ?? "?") \($0.data)" })
    // The same without the types, for what looks for addresses and names.
    attributes.add("answer_data", answers.map(\.data))
    attributes.add("src_address", source)
    attributes.add("instance", instance)
    attributes.add("firewall_action", action)
    attributes.add("account", account)
    attributes += others
    attributes.add("recorded_time", time == nil ? recorded : nil)
    attributes.add("unknown_fields", unknown)
  }

  func event(_ locator: Locator) -> Event {
    var entities = [Entity(.domain, name)]
    if let source { entities.append(Entity(.address, source)) }
    for answer in answers.prefix(64) where answer.type == "A" || answer.type == "AAAA" {
      entities.append(Entity(.address, answer.data))
    }
    if let instance { entities.append(Entity(.instance, instance)) }
    if let account { entities.append(Entity(.account, account)) }
    return Event(
      time: time, dataType: "aws:route53:query", message: message, entities: entities, attributes: attributes,
      locator: locator)
  }

  /// `query A evil.example from 10.0.2.15 (i-0b7c4e19d2f35a86e): NOERROR 203.0.113.66`
  private var message: String {
    var text = "query \(type ?? "?") \(name) from \(source ?? "?")"
    if let instance { text += " (\(instance))" }
    text += ": \(code ?? "no answer")"
    if !answers.isEmpty { text += " " + answers.prefix(8).map(\.data).joined(separator: ", ") }
    if let action { text += "; DNS Firewall: \(action)" }
    return text
  }
}
