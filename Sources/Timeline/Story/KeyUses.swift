import Evidence

/// Where each access key was used, over all API calls of the case. Bounded.
struct KeyUses {
  /// A key seen from one address.
  struct Place: Hashable {
    var first: Timestamp?
    var last: Timestamp?
    var calls = 0
    var denied = 0
    /// Calls that only software on the instance itself makes.
    var agentCalls = 0
  }

  struct Key: Hashable {
    var type: String?
    var principal: String?
    var role: String?
    var user: String?
    var instance: String?
    var account: String?
    /// When the session was made, and how the instance's credentials were handed out.
    var created: String?
    var delivery: String?
    var places: [String: Place] = [:]
    /// Where the earliest of its calls lies.
    var firstCall: EvidenceReference?

    var first: Timestamp? { places.values.compactMap(\.first).min() }
    var last: Timestamp? { places.values.compactMap(\.last).max() }
  }

  private static let maximumKeys = 20_000
  private static let maximumPlaces = 64

  private(set) var keys: [String: Key] = [:]
  /// Addresses from which agents on instances report, whichever the instance: the account's own ways out.
  private(set) var homes: Set<String> = []

  /// Calls that say something of what was done for or against credentials and instances.
  static let controlCalls: Set<String> = [
    "PutRolePolicy", "PutUserPolicy", "AttachRolePolicy", "AttachUserPolicy", "UpdateAccessKey", "DeleteAccessKey",
    "CreateAccessKey", "StopInstances", "StartInstances", "RebootInstances", "TerminateInstances",
    "ReplaceIamInstanceProfileAssociation", "DisassociateIamInstanceProfile", "ModifyInstanceMetadataOptions",
  ]

  private static let agentCalls: Set<String> = [
    "UpdateInstanceInformation", "UpdateInstanceAssociationStatus", "ListInstanceAssociations", "PutInventory",
    "RegisterManagedInstance", "CreateControlChannel", "CreateDataChannel", "PutComplianceItems", "SendHeartbeat",
    "UpdateAgentInformation",
  ]

  mutating func take(_ call: Sighting) {
    let event = call.event
    guard let name = event.firstText("access_key"), let address = event.text("source_ip") else { return }
    let isAgent = Self.agentCalls.contains(event.text("event_name") ?? "")
    if isAgent, homes.count < Self.maximumKeys { homes.insert(address) }
    guard keys[name] != nil || keys.count < Self.maximumKeys else { return }
    var key =
      keys[name]
      ?? Key(
        type: event.text("identity_type"), principal: event.text("principal_id"), role: event.text("role"),
        user: event.text("user"), instance: event.text("instance"), account: event.text("identity_account"),
        created: event.text("session_created"), delivery: event.text("ec2_role_delivery"))
    keys[name] = nil
    if let time = event.time, key.first.map({ time < $0 }) ?? true { key.firstCall = call.reference }
    if key.places[address] != nil || key.places.count < Self.maximumPlaces {
      var place = key.places[address] ?? Place()
      place.calls += 1
      if event.isRefusal { place.denied += 1 }
      if isAgent { place.agentCalls += 1 }
      if let time = event.time {
        place.first = min(place.first ?? time, time)
        place.last = max(place.last ?? time, time)
      }
      key.places[address] = place
    }
    keys[name] = key
  }
}

extension Event {
  /// Whether the API call was refused for want of rights, or because the credentials are no longer good.
  var isRefusal: Bool {
    guard let code = text("error_code") else { return false }
    return ["AccessDenied", "Unauthorized", "NotAuthorized", "ExpiredToken", "InvalidClientTokenId", "TokenRefresh"]
      .contains { code.contains($0) }
  }
}
