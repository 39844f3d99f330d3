import Bytes

/// The headers of a WAF record, in their order and with their case, duplicates kept.
struct WAFHeaders {
  /// `Name: value`
  private(set) var all: [String] = []
  private(set) var userAgent: String?
  private(set) var host: String?
  /// `header Cookie` for each whose value WAF was told to hide.
  private(set) var redacted: [String] = []

  init(_ list: JSONView?, _ known: inout KnownTexts, _ text: inout TextBuilder) {
    guard let list, list.kind == .array else { return }
    all.reserveCapacity(12)
    list.forEachElement { header in
      var name: JSONView?
      var value: JSONView?
      header.forEachMember { key, member in
        if key == "name" { name = member } else if key == "value" { value = member }
        return true
      }
      guard let name = name, let label = name.rawString else { return true }
      text.removeAll()
      text.add(name)
      text.add(": ")
      text.add(value)
      all.append(text.text)
      if userAgent == nil, label.count == 10, label.equalsIgnoringCase("user-agent") { userAgent = value?.said(&known) }
      if host == nil, label.count == 4, label.equalsIgnoringCase("host") { host = value?.kept(&known) }
      if value?.rawString.map({ $0 == "REDACTED" }) == true { redacted.append("header " + (name.kept ?? "")) }
      return all.count < AWSRecords.maximumList
    }
  }
}

/// What WAF's rules had to say, as texts.
enum WAFRules {
  /// `AWS#AWSManagedRulesKnownBadInputsRuleSet/Log4JRCE_HEADER COUNT instead of BLOCK` for every rule that matched, first
  /// those of groups, then the web ACL's own that only counted.
  static func rules(groups: JSONView?, counted: JSONView?) -> [String] {
    var all: [String] = []
    groups?.forEachElement { group in
      var name: JSONView?
      var ending: JSONView?
      var counting: JSONView?
      var excluded: JSONView?
      group.forEachMember { key, value in
        switch key {
        case "ruleGroupId": name = value
        case "terminatingRule": ending = value
        case "nonTerminatingMatchingRules": counting = value
        case "excludedRules": excluded = value
        default: break
        }
        return true
      }
      if let ending, ending.kind == .object { append(ending, group: name, to: &all) }
      counting?.forEachElement {
        append($0, group: name, to: &all)
        return all.count < AWSRecords.maximumList
      }
      excluded?.forEachElement {
        append($0, group: name, to: &all)
        return all.count < AWSRecords.maximumList
      }
      return all.count < AWSRecords.maximumList
    }
    counted?.forEachElement {
      append($0, group: nil, to: &all)
      return all.count < AWSRecords.maximumList
    }
    return all
  }

  private static func append(_ rule: JSONView, group: JSONView?, to all: inout [String]) {
    var text = group?.kept.map { $0 + "/" } ?? ""
    text += rule["ruleId"]?.kept ?? "?"
    if let action = rule["action"]?.kept ?? rule["exclusionType"]?.kept { text += " " + action }
    if let instead = rule["overriddenAction"]?.kept { text += " instead of " + instead }
    for match in matches(rule["ruleMatchDetails"]) { text += "; " + match }
    if let answer = answer(rule["captchaResponse"]) ?? answer(rule["challengeResponse"]) { text += "; " + answer }
    if let solved = (rule["captchaResponse"] ?? rule["challengeResponse"])?["solveTimestamp"]?.kept {
      text += ", solved at " + solved
    }
    all.append(text)
  }

  /// `SQL_INJECTION in QUERY_STRING: 10, AND, 1`. Only SQL injection and XSS rules say what they matched.
  static func matches(_ details: JSONView?) -> [String] {
    var all: [String] = []
    details?.forEachElement { detail in
      var text = detail["conditionType"]?.kept ?? "match"
      if let sensitivity = detail["sensitivityLevel"]?.kept { text += " (sensitivity \(sensitivity))" }
      if let place = detail["location"]?.kept { text += " in " + place }
      if let field = detail["matchedFieldName"]?.kept { text += " " + field }
      let data = detail["matchedData"]?.strings ?? []
      if !data.isEmpty { text += ": " + data.joined(separator: ", ") }
      all.append(text)
      return all.count < AWSRecords.maximumList
    }
    return all
  }

  /// `rate-2000: 203.0.113.66 (IP), 2000 in 300 s`
  static func rates(_ list: JSONView?) -> [String] {
    var all: [String] = []
    list?.forEachElement { rule in
      var name, identifier, key, value, rate, window, custom: JSONView?
      rule.forEachMember { member, found in
        switch member {
        case "rateBasedRuleName": name = found
        case "rateBasedRuleId": identifier = found
        case "limitKey": key = found
        case "limitValue": value = found
        case "maxRateAllowed": rate = found
        case "evaluationWindowSec": window = found
        case "customValues": custom = found
        default: break
        }
        return true
      }
      var text = TextBuilder()
      text.add(name ?? identifier)
      text.add(": ")
      if let value, value.kind != .null {
        text.add(value)
        text.add(" (")
        text.add(key)
        text.add(")")
      } else {
        text.add(key)
      }
      custom?.forEachElement {
        text.add(" ")
        text.add($0["key"])
        text.add(" ")
        text.add($0["name"])
        text.add("=")
        text.add($0["value"])
        return true
      }
      text.add(", ")
      text.add(rate)
      text.add(" in ")
      text.add(window)
      text.add(" s")
      all.append(text.text)
      return all.count < AWSRecords.maximumList
    }
    return all
  }

  /// The answer to a CAPTCHA or challenge: `405 TOKEN_MISSING`.
  static func answer(_ response: JSONView?) -> String? {
    guard let response, response.kind == .object else { return nil }
    return [response["responseCode"]?.kept, response["failureReason"]?.kept].compactMap { $0 }.joined(separator: " ")
  }
}
