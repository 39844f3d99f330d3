import Bytes
import Evidence

/// What came out of one place with one instance's credentials. A class, for each call changes most of it.
final class CredentialUse {
  let address: String
  let who: String
  let entities: [Entity]
  private(set) var calls: [String] = []
  private(set) var denied: Set<String> = []
  private(set) var services: Set<String> = []
  /// Calls that only software on the instance itself makes.
  private(set) var agents = 0
  private(set) var number = 0
  private(set) var first: Timestamp?
  private(set) var last: Timestamp?
  private(set) var keys: Set<String> = []
  /// Who calls, calls again.
  private var lastKey: String?
  private(set) var evidence: [EvidenceReference] = []

  init(_ call: CloudCall) {
    address = call.address
    who = call.who
    entities = call.event.entities
  }

  func take(_ call: CloudCall, isAgent: Bool, _ artifact: Digest) {
    number += 1
    if isAgent { agents += 1 }
    if calls.count < 64, !calls.contains(call.name) {
      calls.append(call.name)
      services.insert("\(call.source) \(call.region ?? "")")
    }
    if call.isDenied, denied.count < 64 { denied.insert(call.name) }
    if let key = call.accessKey, key != lastKey {
      lastKey = key
      if keys.count < 16 { keys.insert(key) }
    }
    if let time = call.event.time {
      first = min(first ?? time, time)
      last = max(last ?? time, time)
    }
    if evidence.count < 16 { evidence.append(call.event.reference(artifact)) }
  }

  /// Whether the instance itself was at work meanwhile, or the same key came out of both: one that was stopped and started
  /// has a new address and new keys, and never the old ones again.
  func isBeside(_ home: CredentialUse) -> Bool {
    if !keys.isDisjoint(with: home.keys) { return true }
    guard let first, let last, let homeFirst = home.first, let homeLast = home.last else { return true }
    return first <= homeLast && last >= homeFirst
  }

  /// How many kinds of calls ask what the credentials are good for, or try what they are not, other than the instance itself
  /// does.
  func suspicious(besides home: CredentialUse) -> Int {
    let known = Set(home.calls)
    return calls.count { !known.contains($0) && (denied.contains($0) || Self.isExploring($0)) }
  }

  /// What somebody asks who has found keys, and a program seldom.
  private static let exploring: Set<String> = [
    "GetCallerIdentity", "ListBuckets", "ListUsers", "ListRoles", "ListGroups", "ListAccessKeys", "ListSecrets",
    "ListAttachedRolePolicies", "ListRolePolicies", "ListAttachedUserPolicies", "GetAccountAuthorizationDetails",
    "GetAccountSummary", "ListAccountAliases", "DescribeInstances", "DescribeSnapshots", "DescribeSecurityGroups",
    "DescribeDBInstances", "DescribeVpcs", "DescribeUserPool", "ListKeys", "ListTables", "DescribeTrails",
    "ListDetectors", "GetSendQuota", "ListIdentities", "GetFederationToken", "GetSessionToken", "DescribeParameters",
    "ListClusters", "DescribeRepositories", "CreateUser", "CreateAccessKey", "CreateLoginProfile", "RunInstances",
    "StopLogging", "DeleteTrail", "CreateSnapshot", "CreateVolume", "GetPasswordData", "SendCommand",
  ]

  private static func isExploring(_ name: String) -> Bool {
    // Their names carry a date: `ListFunctions20150331`.
    exploring.contains(name) || name.hasPrefix("ListFunctions")
  }
}
