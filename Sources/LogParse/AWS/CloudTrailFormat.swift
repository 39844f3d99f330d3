import Bytes
import Evidence

/// AWS CloudTrail: calls of AWS APIs (`aws:cloudtrail:entry`) and Insights (`aws:cloudtrail:insight`).
///
/// Files (`Records`), JSON lines of events or of files, `lookup-events`, EventBridge. An event that was delivered twice is
/// told once, also where a tool wrote it anew with other spacing or order of keys. Fields: CloudTrail User Guide, "CloudTrail record contents".
public struct CloudTrailFormat: LogFormat {
  public let name = "aws.cloudtrail"
  public let version = 8

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    if Self.isEmpty(sample) { return .high }
    return AWSRecords.recognizes(sample, names: ["eventSource", "eventName"]) { CloudTrailRecord($0) != nil }
      ?? AWSRecords.recognizes(sample, names: ["insightDetails"]) { CloudTrailRecord($0) != nil }
  }

  /// A file of a quarter of an hour in which nobody called: `{"Records":[]}`.
  private static func isEmpty(_ sample: FormatSample) -> Bool {
    guard sample.isWhole, sample.head.count <= 64, sample.head.contains("\"Records\"") else { return false }
    return sample.head.array.filter { $0 > 0x20 }.withView { $0 == "{\"Records\":[]}" }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = CloudTrailReader()
    try AWSRecords.read(stream, named: "CloudTrail event", into: sink) { reader.read($0, $1, into: sink) }
  }
}

struct CloudTrailReader: ~Copyable {
  private var seen = SeenRecords()
  private let fingerprint = JSONFingerprint()
  private var text = TextBuilder()
  private var identities = KnownIdentities()
  private var known = KnownTexts()
  /// Made anew for every record in the same place: its lists keep their room.
  private var event = Event(time: nil, dataType: "", message: "", locator: .whole)

  mutating func read(
    _ json: JSONView, _ locator: Locator, isRow: Bool = false, into sink: any ResultSink
  ) -> Bool {
    guard let record = CloudTrailRecord(json, fingerprint, isRow: isRow) else { return false }
    let who = identities.known(record.identity, fingerprint)
    if let identifier = record.eventID?.rawString,
      !seen.insert(identifier, content: record.content(who, fingerprint))
    {
      return true
    }
    event.locator = locator
    record.write(to: &event, by: who, &known, &text)
    sink.exchange(&event)
    return true
  }
}

/// The values of one record, still where they lie.
struct CloudTrailRecord {
  private(set) var eventID: JSONView?
  private var version, time, source, name, region, address, agent, errorCode, errorMessage: JSONView?
  private var parameters, response, additional, requestID, apiVersion, readOnly, resources, type: JSONView?
  private var account, sharedID, endpoint, serviceDetails, management, category, insight, addendum, tls: JSONView?
  private var fromConsole, edge, endpointAccount: JSONView?
  private(set) var identity: JSONView?
  private var unknown: [String] = []
  /// Of all members but the identity, which is the same in many records.
  private var others: UInt64 = 0

  /// - Parameter isRow: whether this is a row of a table that was asked for some fields only: name and time do.
  /// - Returns: nil for what is no CloudTrail event.
  init?(_ json: JSONView, _ fingerprint: JSONFingerprint? = nil, isRow: Bool = false) {
    let isWhole = json.forEachMember { key, value in
      if key == Self.identityKey {
        if let identity, let fingerprint { others &+= fingerprint.ofMember(key, fingerprint.of(identity)) }
        identity = value
        return true
      }
      if let fingerprint { others &+= fingerprint.ofMember(key, fingerprint.of(value)) }
      switch key {
      case "eventTime": time = value
      case "eventSource": source = value
      case "eventName": name = value
      case "awsRegion": region = value
      case "sourceIPAddress": address = value
      case "userAgent": agent = value
      case "errorCode": errorCode = value
      case "errorMessage": errorMessage = value
      case "requestParameters": parameters = value
      case "responseElements": response = value
      case "additionalEventData": additional = value
      case "requestID": requestID = value
      case "eventID": eventID = value
      case "readOnly": readOnly = value
      case "resources": resources = value
      case "eventType": type = value
      case "apiVersion": apiVersion = value
      case "managementEvent": management = value
      case "recipientAccountId": account = value
      case "sharedEventID": sharedID = value
      case "vpcEndpointId": endpoint = value
      case "vpcEndpointAccountId": endpointAccount = value
      case "serviceEventDetails": serviceDetails = value
      case "eventCategory": category = value
      case "insightDetails": insight = value
      case "addendum": addendum = value
      case "sessionCredentialFromConsole": fromConsole = value
      case "edgeDeviceDetails": edge = value
      case "tlsDetails": tls = value
      case "eventVersion": version = value
      default:
        if unknown.count < 64, value.kind != .null {
          unknown.append(key.string + "=" + value.bytes.slice(0, 4096).string)
        }
      }
      return true
    }
    if !isWhole { others = json.bytes.fingerprint }
    guard time?.kind == .string,
      insight?.kind == .object || name?.kind == .string && (isRow || source?.kind == .string)
    else { return nil }
  }

  private static let identityKey = ByteView("userIdentity")

  /// What the record says, in whatever order and spacing it is written.
  func content(_ who: KnownIdentities.Known, _ fingerprint: JSONFingerprint) -> UInt64 {
    identity == nil ? others : others &+ fingerprint.ofMember(Self.identityKey, who.content)
  }

  /// Makes an event this record's, all but its place.
  func write(
    to event: inout Event, by who: KnownIdentities.Known, _ known: inout KnownTexts, _ text: inout TextBuilder
  ) {
    let eventID = eventID?.kept
    var attributes: [Attribute] = []
    swap(&attributes, &event.attributes)
    attributes.removeAll(keepingCapacity: true)
    attributes.reserveCapacity(32)
    attributes.add("event_source", source?.kept(&known))
    attributes.add("event_name", name?.kept(&known))
    attributes.keep("region", region?.said)
    attributes.keep("source_ip", address?.said(&known))
    attributes.keep("user_agent", agent?.said(&known))
    // Empty it is none.
    attributes.add("error_code", errorCode?.kept)
    attributes.keep("error_message", errorMessage?.said)
    attributes.append(contentsOf: who.attributes)
    attributes.add("read_only", readOnly?.flag)
    attributes.keep("request_parameters", parameters?.said)
    attributes.keep("response_elements", response?.said)
    attributes.keep("additional_event_data", additional?.said)
    attributes.keep("service_event_details", serviceDetails?.said)
    attributes.add("insight_details", insight?.kept)
    attributes.add("resources", arns)
    attributes.keep("event_type", type?.said(&known))
    attributes.keep("event_category", category?.said)
    attributes.add("management_event", management?.flag)
    attributes.keep("recipient_account", account?.said)
    attributes.add("event_id", eventID)
    attributes.add(RecordKey.name, eventID.map { RecordKey.cloudTrail($0) })
    attributes.keep("shared_event_id", sharedID?.said)
    attributes.keep("request_id", requestID?.said)
    attributes.keep("vpc_endpoint", endpoint?.said(&known))
    attributes.add("vpc_endpoint_account", endpointAccount?.kept(&known))
    attributes.keep("tls_version", tls?["tlsVersion"]?.said)
    attributes.keep("tls_cipher", tls?["cipherSuite"]?.said(&known))
    attributes.keep("tls_host", tls?["clientProvidedHostHeader"]?.said(&known))
    attributes.add("session_from_console", fromConsole?.flag)
    attributes.keep("edge_device", edge?.said)
    attributes.keep("addendum", addendum?.said)
    attributes.keep("api_version", apiVersion?.said)
    attributes.keep("event_version", version?.said)
    attributes.add("unknown_fields", unknown)
    event.time = time?.rawString.flatMap { Timestamp(iso8601: $0) }
    if event.time == nil { attributes.add("recorded_time", time?.kept) }
    let isInsight = insight?.kind == .object
    event.dataType = isInsight ? "aws:cloudtrail:insight" : "aws:cloudtrail:entry"
    event.message = isInsight ? insightMessage : message(who, &text)
    event.entities = entities(who)
    event.attributes = attributes
  }

  private var arns: [String] {
    var all: [String] = []
    resources?.forEachElement {
      if let arn = $0["ARN"]?.kept ?? $0["arn"]?.kept ?? $0["resourceName"]?.kept { all.append(arn) }
      return all.count < 1000
    }
    return all
  }

  private func entities(_ who: KnownIdentities.Known) -> [Entity] {
    var entities = who.entities
    // A call that a service makes names the service instead of an address.
    if let text = address?.rawString.flatMap(IPAddress.normal) { entities.append(Entity(.address, text)) }
    if let own = account?.string, who.identity.account != own { entities.append(Entity(.account, own)) }
    return entities
  }

  /// `iam.amazonaws.com CreateUser by role cumulus-was-role, session i-0b7c4e19d2f35a86e, from 203.0.113.66 failed: AccessDenied`
  private func message(_ who: KnownIdentities.Known, _ text: inout TextBuilder) -> String {
    text.removeAll()
    func add(_ json: JSONView?, else other: StaticString) {
      if json?.rawString != nil { text.add(json, limit: .max) } else { text.add(other) }
    }
    add(source, else: "?")
    text.add(" ")
    add(name, else: "?")
    text.add(" by ")
    text.add(who.words)
    if address?.rawString != nil {
      text.add(" from ")
      text.add(address, limit: .max)
    }
    if errorCode?.rawString != nil {
      text.add(" failed: ")
      text.add(errorCode, limit: .max)
    }
    return text.text
  }

  /// `Insight ApiCallRateInsight starts for iam.amazonaws.com CreateUser`
  private var insightMessage: String {
    let kind = insight?["insightType"]?.string ?? "of CloudTrail"
    let state = insight?["state"]?.string == "End" ? "ends" : "starts"
    let what = [insight?["eventSource"]?.string, insight?["eventName"]?.string, insight?["errorCode"]?.string]
      .compactMap { $0 }.joined(separator: " ")
    return "Insight \(kind) \(state) for \(what.isEmpty ? "the account" : what)"
  }
}
