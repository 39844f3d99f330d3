/// A socket: `struct sock`.
struct Socket: Hashable {
  enum Family: UInt64 {
    case unix = 1, inet = 2, inet6 = 10, netlink = 16, packet = 17

    var name: String {
      switch self {
      case .unix: "AF_UNIX"
      case .inet: "AF_INET"
      case .inet6: "AF_INET6"
      case .netlink: "AF_NETLINK"
      case .packet: "AF_PACKET"
      }
    }
  }

  /// An end of a connection, as text without brackets.
  struct End: Hashable {
    var address: String
    var port: UInt16

    var isAny: Bool { address == "0.0.0.0" || address == "::" }
    var isLoopback: Bool { plain.hasPrefix("127.") || address == "::1" }
    /// An IPv4 address mapped into IPv6 as IPv4.
    var plain: String { address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address }
    /// `10.0.2.15:51270`, `[2001:db8::1]:80`.
    var text: String { plain.contains(":") ? "[\(plain)]:\(port)" : "\(plain):\(port)" }
  }

  var address: UInt64
  var familyNumber: UInt64
  var type: UInt64
  var proto: UInt64
  var state: UInt64
  var local: End?
  var remote: End?
  /// Of a unix socket; `@` in front of an abstract name.
  var path: String?
  /// Of the socket that a unix socket is connected to.
  var peerPath: String?
  var peerInode: UInt64?
  /// Of a netlink socket.
  var portID: UInt64?
  var inode: UInt64
  var networkNamespace: UInt64?
  /// Of a packet socket: the interface it listens on, 0 for all.
  var interface: UInt64?

  var family: Family? { Family(rawValue: familyNumber) }
  var familyName: String { family?.name ?? Self.familyNames[familyNumber] ?? "AF_\(familyNumber)" }
  var isInternet: Bool { family == .inet || family == .inet6 }

  private static let familyNames: [UInt64: String] = [
    15: "AF_KEY", 31: "AF_BLUETOOTH", 38: "AF_ALG", 40: "AF_VSOCK", 44: "AF_XDP",
  ]

  var typeName: String {
    [1: "STREAM", 2: "DGRAM", 3: "RAW", 4: "RDM", 5: "SEQPACKET", 6: "DCCP", 10: "PACKET"][type] ?? "\(type)"
  }

  var protocolName: String {
    if family == .packet { return Self.etherTypes[proto] ?? "ETH_P_\(String(proto, radix: 16))" }
    if family == .netlink { return proto < 23 ? Self.netlinkNames[Int(proto)] : "\(proto)" }
    guard isInternet else { return "-" }
    return [
      0: "IP", 1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPV6", 132: "SCTP", 136: "UDPLITE", 255: "RAW", 262: "MPTCP",
    ][proto] ?? "\(proto)"
  }

  /// `include/uapi/linux/netlink.h`, by number.
  private static let netlinkNames = [
    "ROUTE", "UNUSED", "USERSOCK", "FIREWALL", "SOCK_DIAG", "NFLOG", "XFRM", "SELINUX", "ISCSI", "AUDIT", "FIB_LOOKUP",
    "CONNECTOR", "NETFILTER", "IP6_FW", "DNRTMSG", "KOBJECT_UEVENT", "GENERIC", "DM", "SCSITRANSPORT", "ECRYPTFS",
    "RDMA", "CRYPTO", "SMC",
  ].map { "NETLINK_" + $0 }

  /// `include/uapi/linux/if_ether.h`: what sniffers and network daemons ask for.
  private static let etherTypes: [UInt64: String] = [
    0x0003: "ETH_P_ALL", 0x0004: "ETH_P_802_2", 0x0800: "ETH_P_IP", 0x0806: "ETH_P_ARP", 0x8035: "ETH_P_RARP",
    0x8100: "ETH_P_8021Q", 0x86DD: "ETH_P_IPV6", 0x8863: "ETH_P_PPP_DISC", 0x8864: "ETH_P_PPP_SES",
    0x888E: "ETH_P_PAE", 0x88CC: "ETH_P_LLDP",
  ]

  /// TCP's word for the state; other sockets know only connected and not.
  var stateName: String {
    let tcp = [
      "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
      "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV",
    ]
    return state < UInt64(tcp.count) ? tcp[Int(state)] : "\(state)"
  }

  /// Connected to, or connecting to, another machine or process.
  var hasRemote: Bool { remote.map { !$0.isAny && $0.port != 0 } ?? false }
}
