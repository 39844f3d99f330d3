import Bytes
import Evidence

/// Where a call with an instance's credentials came from, as coarsely as one machine's way out is told from another's.
enum CredentialPlace: Hashable, Comparable {
  /// Neighbours on the Internet: the addresses of one NAT lie together.
  case network(String, isIPv4: Bool)
  /// The account's own endpoints and private addresses. Each service has an endpoint of its own, so they are one place.
  case inside
  /// Endpoints in somebody else's network: that account.
  case foreignEndpoint(String)

  /// Nil where the call's address says nothing.
  init?(_ call: CloudCall) {
    if let account = call.foreignEndpointAccount {
      self = .foreignEndpoint(account)
    } else if call.isFromEndpoint || AddressText.isPrivate(call.address) {
      self = .inside
    } else {
      let isIPv4 = AddressText.isIPv4(call.address)
      self = .network(Self.network(call.address, isIPv4), isIPv4: isIPv4)
    }
  }

  /// The first three numbers, or the first four groups.
  private static func network(_ address: String, _ isIPv4: Bool) -> String {
    if isIPv4, let dot = address.utf8.lastIndex(of: 0x2E) { return String(address[..<dot]) }
    return address.split(separator: ":", omittingEmptySubsequences: false).prefix(4).joined(separator: ":")
  }

  static func < (left: CredentialPlace, right: CredentialPlace) -> Bool { left.text < right.text }

  private var text: String {
    switch self {
    case .network(let network, _): network
    case .inside: "inside"
    case .foreignEndpoint(let account): "endpoint \(account)"
    }
  }

  /// Whether two places can be compared: a machine with addresses of both families has two ways out.
  func isComparable(to other: CredentialPlace) -> Bool {
    guard case .network(_, let one) = self, case .network(_, let another) = other else { return true }
    return one == another
  }

  /// How many places of each family there are: whoever has the credentials may call from thousands.
  struct Families {
    private var ipv4 = 0
    private var ipv6 = 0
    private var endpoints = 0

    init(_ places: some Sequence<CredentialPlace>) {
      for place in places {
        switch place {
        case .network(_, let isIPv4): if isIPv4 { ipv4 += 1 } else { ipv6 += 1 }
        case .foreignEndpoint: endpoints += 1
        case .inside: break
        }
      }
    }

    /// Whether one of them, but not inside, can be compared with another that is among them too.
    func hasOther(comparableTo place: CredentialPlace) -> Bool {
      switch place {
      case .network(_, let isIPv4): (isIPv4 ? ipv4 : ipv6) + endpoints > 1
      case .foreignEndpoint: ipv4 + ipv6 + endpoints > 1
      case .inside: ipv4 + ipv6 + endpoints > 0
      }
    }
  }
}

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
