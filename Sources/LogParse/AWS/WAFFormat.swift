import Bytes
import Evidence

/// Logs of AWS WAF: one request a record, as WAF saw and judged it.
///
/// No body is ever logged. What a request carried is in `uri`, `query`, `headers` and `labels`; that WAF did not look at
/// all of it is in `oversize_fields` and `body_unseen`. Fields: AWS WAF Developer Guide, "Log fields".
public struct WAFFormat: LogFormat {
  public let name = "aws.waf"
  public let version = 7

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["webaclId", "httpRequest"]) {
      $0["webaclId"] != nil && $0["httpRequest"]?.kind == .object
    }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = WAFReader()
    try AWSRecords.read(stream, named: "WAF record", into: sink) { reader.read($0, $1, into: sink) }
  }
}

struct WAFReader: ~Copyable {
  private var text = TextBuilder()
  private var known = KnownTexts()
  /// Made anew for every record in the same place: its lists keep their room.
  private var event = Event(time: nil, dataType: "aws:waf:request", message: "", locator: .whole)

  mutating func read(_ json: JSONView, _ locator: Locator, into sink: any ResultSink) -> Bool {
    guard let record = WAFRecord(json) else { return false }
    event.locator = locator
    record.write(to: &event, &known, &text)
    sink.exchange(&event)
    return true
  }
}

/// The values of one record, still where they lie.
struct WAFRecord {
  private var timestamp, webACL, rule, ruleType, action, source, sourceID, responseCode: JSONView?
  private var matches, groups, rates, counted, inserted, labels, oversize, captcha, challenge: JSONView?
  private var ja3, ja4, bodySize, bodyInspected, asn, forwardedASN, tenant: JSONView?
  private var clientIP, country, method, uri, query, fragment, httpVersion, scheme, host, requestID: JSONView?
  private var headers: JSONView?
  private var unknown: [String] = []

  /// - Returns: nil for what is no WAF record.
  init?(_ json: JSONView) {
    var request: JSONView?
    json.forEachMember { key, value in
      switch key {
      case "timestamp": timestamp = value
      case "httpRequest": request = value
      case "action": action = value
      case "webaclId": webACL = value
      case "terminatingRuleId": rule = value
      case "terminatingRuleType": ruleType = value
      case "terminatingRuleMatchDetails": matches = value
      case "httpSourceName": source = value
      case "httpSourceId": sourceID = value
      case "ruleGroupList": groups = value
      case "rateBasedRuleList": rates = value
      case "nonTerminatingMatchingRules": counted = value
      case "requestHeadersInserted": inserted = value
      case "responseCodeSent": responseCode = value
      case "labels": labels = value
      case "ja3Fingerprint": ja3 = value
      case "ja4Fingerprint": ja4 = value
      case "oversizeFields": oversize = value
      case "requestBodySize": bodySize = value
      case "requestBodySizeInspectedByWAF": bodyInspected = value
      case "captchaResponse": captcha = value
      case "challengeResponse": challenge = value
      case "clientAsn": asn = value
      case "forwardedAsn": forwardedASN = value
      case "cfDistributionTenantId": tenant = value
      case "formatVersion": break
      default: keepUnknown(key, value)
      }
      return true
    }
    guard let request, request.kind == .object, webACL != nil || action != nil else { return nil }
    request.forEachMember { key, value in
      switch key {
      case "clientIp": clientIP = value
      // A dash where WAF could not tell.
      case "country": country = value.bytes == "\"-\"" ? nil : value
      case "headers": headers = value
      case "uri": uri = value
      case "args": query = value
      case "httpVersion": httpVersion = value
      case "httpMethod": method = value
      case "requestId": requestID = value
      case "fragment": fragment = value
      case "scheme": scheme = value
      case "host": host = value
      default: keepUnknown(key, value)
      }
      return true
    }
  }

  /// Fields that WAF learns to log later are kept as they are.
  private mutating func keepUnknown(_ key: ByteView, _ value: JSONView) {
    guard unknown.count < 64, value.kind != .null else { return }
    unknown.append(key.string + "=" + value.bytes.slice(0, 4096).string)
  }

  /// Makes an event this record's, all but its place.
  func write(to event: inout Event, _ known: inout KnownTexts, _ text: inout TextBuilder) {
    let seen = WAFHeaders(headers, &known, &text)
    let host = host?.kept(&known) ?? seen.host
    let client = clientIP?.keptAddress
    var attributes: [Attribute] = []
    swap(&attributes, &event.attributes)
    attributes.removeAll(keepingCapacity: true)
    attributes.reserveCapacity(28)
    attributes.add("action", action?.kept)
    attributes.add("client_ip", client)
    attributes.add("country", country?.kept)
    attributes.add("http_method", method?.kept)
    attributes.add("scheme", scheme?.kept)
    attributes.add("host", host)
    attributes.add("uri", uri?.kept)
    attributes.add("query", query?.kept)
    attributes.add("fragment", fragment?.kept)
    attributes.add("http_version", httpVersion?.kept)
    attributes.keep("user_agent", seen.userAgent)
    attributes.add("headers", seen.all)
    attributes.add("labels", names(labels, &known))
    attributes.add("rule", rule?.kept(&known))
    attributes.add("rule_type", ruleType?.kept(&known))
    attributes.add("matched_data", WAFRules.matches(matches))
    attributes.add("matching_rules", WAFRules.rules(groups: groups, counted: counted))
    attributes.add("rate_rules", WAFRules.rates(rates))
    attributes.add("inserted_headers", WAFHeaders(inserted, &known, &text).all)
    attributes.add("response_code", responseCode?.integer)
    attributes.add("captcha", WAFRules.answer(captcha))
    attributes.add("challenge", WAFRules.answer(challenge))
    attributes.add("captcha_solved", captcha?["solveTimestamp"]?.integer)
    attributes.add("challenge_solved", challenge?["solveTimestamp"]?.integer)
    attributes.add("trace_id", requestID?.kept)
    attributes.add("ja3", ja3?.kept)
    attributes.add("ja4", ja4?.kept)
    addSizes(to: &attributes)
    attributes.add("client_asn", asn?.integer)
    attributes.add("forwarded_asn", forwardedASN?.integer)
    attributes.add("redacted", redacted(seen))
    attributes.add("web_acl", webACL?.kept(&known))
    attributes.add("http_source", source?.kept(&known))
    attributes.add("http_source_id", sourceID?.kept(&known))
    attributes.add("cloudfront_tenant", tenant?.kept(&known))
    event.time = timestamp.flatMap { $0.milliseconds }
    if event.time == nil { attributes.add("recorded_time", timestamp?.kept) }
    attributes.add("unknown_fields", unknown)

    event.attributes = attributes
    event.entities.removeAll(keepingCapacity: true)
    event.entities.reserveCapacity(4)
    if let client { event.entities.append(Entity(.address, client)) }
    // A word in the place of what is hidden names no host and ends no URL.
    if let host, host != "REDACTED" {
      event.entities.append(Entity(.domain, host))
      if scheme != nil, !isHidden(uri) { event.entities.append(Entity(.url, url(host, &text))) }
    }
    event.message = message(host, client, seen, &text)
  }

  private func addSizes(to attributes: inout [Attribute]) {
    attributes.add("oversize_fields", oversize?.strings ?? [])
    let size = bodySize?.integer
    let inspected = bodyInspected?.integer
    if size == nil, let bodySize, bodySize.bytes.isHugeNumber { attributes.add("unread_fields", ["body_size"]) }
    attributes.add("body_size", size)
    attributes.add("body_inspected", inspected)
    if let size, let inspected, inspected >= 0, size > inspected { attributes.add("body_unseen", size - inspected) }
  }

  /// Whether WAF was told to hide the value: it writes a word in its place.
  private func isHidden(_ value: JSONView?) -> Bool { value?.rawString.map { $0 == "REDACTED" } == true }

  private func redacted(_ headers: WAFHeaders) -> [String] {
    var fields = headers.redacted
    if isHidden(uri) { fields.append("uri") }
    if isHidden(query) { fields.append("query") }
    if isHidden(method) { fields.append("http_method") }
    return fields
  }

  private func names(_ list: JSONView?, _ known: inout KnownTexts) -> [String] {
    var all: [String] = []
    list?.forEachElement {
      if let name = $0["name"]?.kept(&known) { all.append(name) }
      return all.count < AWSRecords.maximumList
    }
    return all
  }

  private func url(_ host: String, _ text: inout TextBuilder) -> String {
    text.removeAll()
    text.add(scheme)
    text.add("://")
    text.add(host)
    text.add(uri, limit: 2048)
    return text.text
  }

  /// `ALLOW POST https://shop.example/login.do from 203.0.113.66 (KR)`; of a request that rules labelled also the labels
  /// and the headers, one of which is likely to be why.
  private func message(
    _ host: String?, _ client: String?, _ seen: WAFHeaders, _ text: inout TextBuilder
  ) -> String {
    text.removeAll()
    text.add(action)
    text.add(" ")
    text.add(method)
    text.add(" ")
    if let host {
      if scheme != nil {
        text.add(scheme)
        text.add("://")
      }
      text.add(host)
    }
    // The word would stand behind the host as if it were its end.
    if isHidden(uri) { text.add(" ") }
    text.add(uri, limit: 2048)
    if let query, query.rawString?.isEmpty == false {
      text.add("?")
      text.add(query, limit: 2048)
    }
    text.add(" from ")
    if let client { text.add(client) }
    if let country, country.kind == .string {
      text.add(" (")
      text.add(country)
      text.add(")")
    }
    var separator: StaticString = "; labels "
    var shown = 0
    labels?.forEachElement {
      text.add(separator)
      text.add($0["name"], limit: 256)
      separator = ", "
      shown += 1
      return shown < 16
    }
    if shown > 0 {
      separator = "; headers "
      for header in seen.all.prefix(16) {
        text.add(separator)
        text.add(header, limit: 256)
        separator = ", "
      }
    }
    return text.text
  }
}
