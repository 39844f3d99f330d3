import Bytes
import Evidence

/// Who called, as CloudTrail's `userIdentity` and GuardDuty's `accessKeyDetails` say it.
struct AWSIdentity {
  /// `Root`, `IAMUser`, `AssumedRole`, `AWSService` …
  private(set) var type: String?
  private(set) var principal, arn, account, accessKey, user, invokedBy: String?
  /// The role that was assumed.
  private(set) var role: String?
  /// The session's name: what stands behind the colon of the principal id.
  private(set) var session: String?
  private(set) var issuerType, issuerARN, sourceIdentity, created, identityProvider: String?
  private(set) var mfa: Bool?
  /// The unique id of the role (`AROA…`), which another role of the same name does not have.
  private(set) var roleID: String?
  /// The whole, where it holds more than is told here: whom a call was made for, what a token said.
  private(set) var whole: String?
  /// Attributes of members that are there and say nothing.
  private var empty: [String] = []
  /// How an instance's credentials were read: `1.0` from IMDSv1, `2.0` from IMDSv2.
  private(set) var roleDelivery: String?

  /// The instance whose profile this is: its id is the session's name then.
  var instance: String? { session.flatMap { Self.isInstance($0) ? $0 : nil } }

  /// - Parameter json: `userIdentity`; nil leaves everything unknown.
  init(_ json: JSONView?) {
    var context: JSONView?
    var holdsMore = false
    json?.forEachMember { key, value in
      if value.rawString?.isEmpty == true, let name = Self.names[key.string] { empty.append(name) }
      switch key {
      case "type": type = value.kept
      case "principalId": principal = value.kept
      case "arn": arn = value.kept
      case "accountId": account = value.kept
      case "accessKeyId": accessKey = value.kept
      case "userName": user = value.kept
      case "invokedBy": invokedBy = value.kept
      case "identityProvider": identityProvider = value.kept
      case "sessionContext": context = value
      case "ec2RoleDelivery": roleDelivery = value.kept ?? roleDelivery
      case "onBehalfOf":
        // A person of IAM Identity Center has no other name here.
        if user == nil { user = value["userId"]?.kept }
        holdsMore = holdsMore || Self.says(value)
      default: holdsMore = holdsMore || Self.says(value)
      }
      return true
    }
    context?.forEachMember { key, value in
      switch key {
      case "sessionIssuer":
        issuerType = value["type"]?.kept
        issuerARN = value["arn"]?.kept
        if issuerType == "Role" { role = value["userName"]?.kept }
        if issuerType != "Role", user == nil { user = value["userName"]?.kept }
        if issuerType == "Role" { roleID = value["principalId"]?.kept }
      case "attributes":
        created = value["creationDate"]?.kept
        mfa = value["mfaAuthenticated"]?.flag
      case "sourceIdentity": sourceIdentity = value.kept
      case "ec2RoleDelivery": roleDelivery = value.kept ?? roleDelivery
      default: holdsMore = holdsMore || Self.says(value)
      }
      return true
    }
    if holdsMore { whole = json?.kept }
    decode()
  }

  /// Most records have members with nothing in them.
  private static func says(_ value: JSONView) -> Bool {
    switch value.kind {
    case .null, .none: false
    case .object, .array: !value.bytes.slice(1, value.bytes.count - 1).trimmed.isEmpty
    default: value.rawString?.isEmpty != true
    }
  }

  private static let names = [
    "type": "identity_type", "principalId": "principal_id", "arn": "identity_arn", "accountId": "identity_account",
    "accessKeyId": "access_key", "userName": "user", "invokedBy": "invoked_by", "identityProvider": "identity_provider",
  ]

  /// What an ARN alone tells: `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`, `arn:aws:iam::111122223333:user/NAME`.
  init(arn: String?) {
    self.arn = arn
    let parts = arn?.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false) ?? []
    if parts.count == 6 {
      account = parts[4].isEmpty ? nil : String(parts[4])
      if parts[5].hasPrefix("user/") { user = parts[5].split(separator: "/").last.map(String.init) }
      if parts[5] == "root" { type = "Root" }
    }
    decode()
  }

  /// What GuardDuty says of a key.
  init(type: String?, principal: String?, accessKey: String?, user: String?) {
    self.type = type
    self.principal = principal
    self.accessKey = accessKey
    if type == "AssumedRole" || type == "Role" { role = user } else { self.user = user }
    decode()
  }

  /// Takes role and session from the principal id (`AROA…:session`) and the ARN (`…:assumed-role/ROLE/SESSION`). The role that
  /// every instance has of itself is named in the principal: `111122223333:aws:ec2-instance:i-0b7c4e19d2f35a86e`.
  private mutating func decode() {
    // As bytes: characters cost ten times as much, and every record comes by here.
    principal?.withView { principal in
      guard case (let before, var name)? = principal.cut(0x3A) else { return }
      let isRole = before.hasPrefix("AROA")
      if isRole, roleID == nil { roleID = before.string }
      // Of those who come with a token of somebody else's what stands in front is an issuer, and colons are the name's.
      guard isRole || type == nil || type == "AssumedRole" || type == "Role" || type == "FederatedUser" else { return }
      if name.hasPrefix("aws:"), let colon = name.lastIndex(of: 0x3A) { name = name.slice(colon + 1) }
      if !name.isEmpty { session = name.string }
    }
    arn?.withView { arn in
      let marker: StaticString = ":assumed-role/"
      guard let place = arn.firstIndex(of: ByteView(marker)) else { return }
      var rest = arn.slice(place + marker.utf8CodeUnitCount)
      while rest[0] == 0x2F { rest = rest.dropFirst(1) }
      let (name, last) = rest.cut(0x2F) ?? (rest, rest.slice(rest.count))
      if role == nil, !name.isEmpty { role = name.string }
      if session == nil, !last.isEmpty { session = last.string }
    }
  }

  /// `i-` and 8 or 17 hexadecimal digits.
  static func isInstance(_ text: String) -> Bool {
    text.withView { view in
      guard view.hasPrefix("i-"), view.count == 10 || view.count == 19 else { return false }
      return view.slice(2).hexadecimal != nil || (2..<view.count).allSatisfy { hexDigit(view[$0]) != nil }
    }
  }

  func add(to attributes: inout [Attribute]) {
    attributes.add("identity_type", type)
    attributes.add("user", user)
    attributes.add("role", role)
    attributes.add("role_id", roleID)
    attributes.add("session_name", session)
    attributes.add("instance", instance)
    attributes.add("access_key", accessKey)
    attributes.add("principal_id", principal)
    attributes.add("identity_arn", arn)
    attributes.add("identity_account", account)
    attributes.add("invoked_by", invokedBy)
    attributes.add("issuer_type", issuerType)
    attributes.add("issuer_arn", issuerARN)
    attributes.add("identity_provider", identityProvider)
    attributes.add("source_identity", sourceIdentity)
    attributes.add("session_created", created)
    attributes.add("mfa", mfa)
    attributes.add("ec2_role_delivery", roleDelivery)
    attributes.add("user_identity", whole)
    for name in empty where !attributes.contains(where: { $0.name == name }) { attributes.keep(name, "") }
  }

  var entities: [Entity] {
    var all: [Entity] = []
    if let accessKey { all.append(Entity(.accessKey, accessKey)) }
    if let role { all.append(Entity(.role, role)) }
    if let user { all.append(Entity(.user, user)) }
    if let instance { all.append(Entity(.instance, instance)) }
    if let account { all.append(Entity(.account, account)) }
    return all
  }

  /// `role cumulus-was-role, session i-0b7c4e19d2f35a86e,` · `user dev.kim` · `the account's root user` · `ec2.amazonaws.com`
  var words: String {
    var text = TextBuilder()
    add(to: &text)
    return text.text
  }

  func add(to text: inout TextBuilder) {
    if type == "Root" { return text.add("the root user") }
    if let role {
      text.add("role ")
      text.add(role)
      if let session {
        text.add(", session ")
        text.add(session)
        text.add(",")
      }
    } else if let user {
      text.add("user ")
      text.add(user)
    } else if let name = invokedBy ?? arn ?? principal {
      text.add(name)
    } else if let account {
      text.add("account ")
      text.add(account)
    } else {
      text.add("somebody unnamed")
    }
  }
}
