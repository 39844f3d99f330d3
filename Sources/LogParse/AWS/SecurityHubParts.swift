import Bytes
import Evidence

/// What a finding of the ASFF is about: its resources, and who used them.
struct SecurityHubResources {
  private static let maximumResources = 100

  private var names: [String] = []
  /// What the product knows of each, as it stands.
  private var details: [String] = []
  private var identities: [AWSIdentity] = []
  private var found: [Entity] = []

  init(_ list: JSONView?) {
    for resource in list?.elements(upTo: Self.maximumResources) ?? [] {
      let type = resource["Type"]?.kept ?? "?"
      let identifier = resource["Id"]?.kept ?? "?"
      names.append("\(type) \(identifier)")
      // An ARN's last part names the thing.
      let name = identifier.split(separator: "/").last.map(String.init) ?? identifier
      let known = resource["Details"]
      if let known, known.kind == .object, let text = known.kept { details.append(text) }
      switch type {
      case "AwsEc2Instance":
        found.append(Entity(.instance, name))
        take(instance: known?["AwsEc2Instance"])
      case "AwsIamAccessKey":
        let key = name.split(separator: ":").last.map(String.init) ?? name
        take(key, known?["AwsIamAccessKey"])
      case "AwsIamRole": found.append(Entity(.role, name))
      case "AwsIamUser": found.append(Entity(.user, name))
      default: break
      }
    }
  }

  private mutating func take(_ key: String, _ details: JSONView?) {
    found.append(Entity(.accessKey, key))
    guard let details, details.kind == .object else { return }
    identities.append(
      AWSIdentity(
        type: details["PrincipalType"]?.kept, principal: details["PrincipalId"]?.kept, accessKey: key,
        user: details["PrincipalName"]?.kept ?? details["UserName"]?.kept))
  }

  private mutating func take(instance details: JSONView?) {
    for list in [details?["IpV4Addresses"], details?["IpV6Addresses"]] {
      for address in list?.elements(upTo: 64) ?? [] {
        if let text = address.rawString.flatMap(IPAddress.normal) { found.append(Entity(.address, text)) }
      }
    }
  }

  func add(to all: inout [Attribute]) {
    all.add("resources", names)
    identities.first?.add(to: &all)
    if identities.count > 1 {
      all.add("identities", identities.map { $0.words + ($0.accessKey.map { " key \($0)" } ?? "") })
    }
    all.add("resource_details", details)
  }

  var entities: [Entity] { found + identities.flatMap(\.entities) }
}

/// What a finding of the ASFF names of an attacker's: malware, indicators, and the fields that products write as they like.
struct SecurityHubThreats {
  private static let maximumParts = 200

  private var malware: [String] = []
  private var indicators: [String] = []
  private var fields: [String] = []
  private var found: [Entity] = []

  init(_ json: JSONView) {
    for one in json["Malware"]?.elements(upTo: Self.maximumParts) ?? [] {
      take(
        malware: one["Name"]?.kept, one["Path"]?.kept, hash: nil,
        [one["Type"]?.kept, one["State"]?.kept].compactMap { $0 })
    }
    for threat in json["Threats"]?.elements(upTo: Self.maximumParts) ?? [] {
      let paths = threat["FilePaths"]?.elements(upTo: Self.maximumParts) ?? []
      let words = [threat["Severity"]?.kept].compactMap { $0 }
      if paths.isEmpty { take(malware: threat["Name"]?.kept, nil, hash: nil, words) }
      for path in paths where malware.count < Self.maximumParts {
        take(malware: threat["Name"]?.kept, path["FilePath"]?.kept, hash: path["Hash"]?.kept, words)
      }
    }
    for indicator in json["ThreatIntelIndicators"]?.elements(upTo: Self.maximumParts) ?? [] {
      guard let value = indicator["Value"]?.kept else { continue }
      let type = indicator["Type"]?.kept ?? "?"
      indicators.append("\(type) \(value)")
      if let entity = Self.entity(type, value) { found.append(entity) }
    }
    json["ProductFields"]?.forEachMember { key, value in
      guard let text = value.kept else { return true }
      fields.append("\(key.string)=\(text)")
      // `aws/guardduty/service/action/…/ipAddressV4`: a version's number looks like an address too.
      let last = key.slice((key.lastIndex(of: 0x2F) ?? -1) + 1)
      if last.contains("ip") || last.contains("Ip") || last.contains("IP"),
        let address = value.rawString.flatMap(IPAddress.normal)
      {
        found.append(Entity(.address, address))
      }
      return fields.count < Self.maximumParts
    }
  }

  private mutating func take(malware name: String?, _ path: String?, hash: String?, _ words: [String]) {
    var text = [name ?? "?", path, hash].compactMap { $0 }.joined(separator: " ")
    if !words.isEmpty { text += " (\(words.joined(separator: ", ")))" }
    malware.append(text)
    if let path, path.hasPrefix("/") { found.append(Entity(.file, path)) }
    if let hash { found.append(Entity(.hash, hash)) }
  }

  private static func entity(_ type: String, _ value: String) -> Entity? {
    switch type {
    case "IPV4_ADDRESS", "IPV6_ADDRESS": value.withView(IPAddress.normal).map { Entity(.address, $0) }
    case "DOMAIN": Entity(.domain, value)
    case "URL": Entity(.url, value)
    case "HASH_MD5", "HASH_SHA1", "HASH_SHA256", "HASH_SHA512": Entity(.hash, value)
    default: nil
    }
  }

  func add(to all: inout [Attribute]) {
    all.add("malware", malware)
    all.add("indicators", indicators)
    all.add("product_fields", fields)
  }

  var entities: [Entity] { found }
}
