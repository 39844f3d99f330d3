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
