import Bytes

/// Reads single sockets.
final class SocketReader {
  private let kernel: Kernel
  private let family, state, port, remotePort, local4, remote4, local6, remote6, network: Member?
  private let type, proto, socket, substate, unixAddress, unixLength, unixName, unixPeer, portID: Member?
  private let interface, packetProtocol: Member?
  private let networkNumber, privateData, socketOfFile, inodeNumber: Member?
  private let inodeFromSocket: Int64
  private var known: [UInt64: Socket] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    func common(_ name: String) -> Member? { types.member("sock", "__sk_common.\(name)") }
    family = common("skc_family")
    state = common("skc_state")
    port = common("skc_num")
    remotePort = common("skc_dport")
    local4 = common("skc_rcv_saddr")
    remote4 = common("skc_daddr")
    local6 = common("skc_v6_rcv_saddr")
    remote6 = common("skc_v6_daddr")
    network = common("skc_net.net")
    type = types.member("sock", "sk_type")
    proto = types.member("sock", "sk_protocol")
    socket = types.member("sock", "sk_socket")
    substate = types.member("inet_timewait_sock", "tw_substate")
    unixAddress = types.member("unix_sock", "addr")
    unixLength = types.member("unix_address", "len")
    unixName = types.member("unix_address", "name")
    unixPeer = types.member("unix_sock", "peer")
    packetProtocol = types.member("packet_sock", "num")
    portID = types.member("netlink_sock", "portid")
    interface = types.member("packet_sock", "ifindex")
    networkNumber = types.member("net", "ns.inum")
    privateData = types.member("file", "private_data")
    socketOfFile = types.member("socket", "sk")
    inodeNumber = types.member("inode", "i_ino")
    inodeFromSocket =
      Int64(types.member("socket_alloc", "vfs_inode")?.offset ?? 0)
      - Int64(types.member("socket_alloc", "socket")?.offset ?? 0)
  }

  /// `struct sock` of an open file that is a socket.
  func socket(ofFile file: UInt64) -> UInt64? {
    kernel.pointer(file, privateData).flatMap { kernel.pointer($0, socketOfFile) }
  }

  func socket(at address: UInt64) -> Socket? {
    if let socket = known[address] { return socket }
    guard let familyNumber = kernel.value(address, family), (1...64).contains(familyNumber),
      var state = kernel.value(address, state)
    else { return nil }
    let isInternet = familyNumber == 2 || familyNumber == 10
    var result = Socket(
      address: address, familyNumber: familyNumber, type: 1, proto: 6, state: state, inode: 0,
      networkNamespace: kernel.pointer(address, network).flatMap { kernel.value($0, networkNumber) }
        .map { $0 & 0xFFFF_FFFF })
    // In time-wait and while a request waits there is a shorter structure, of which only the common part may be read.
    if isInternet, state == 6 || state == 12 {
      if state == 6 { state = kernel.value(address, substate) ?? 6 }
      result.state = state
    } else {
      result.type = kernel.value(address, type) ?? 0
      result.proto = kernel.value(address, proto) ?? 0
      result.inode = inode(address) ?? 0
    }
    switch result.family {
    case .inet:
      result.local = end(address, local4, 4, port: kernel.value(address, port))
      result.remote = end(address, remote4, 4, port: kernel.value(address, remotePort).map { Self.swapped($0) })
    case .inet6:
      result.local = end(address, local6, 16, port: kernel.value(address, port))
      result.remote = end(address, remote6, 16, port: kernel.value(address, remotePort).map { Self.swapped($0) })
    case .unix:
      result.path = path(address)
      if let peer = kernel.pointer(address, unixPeer) {
        result.peerPath = path(peer)
        result.peerInode = inode(peer)
      }
    case .netlink: result.portID = kernel.value(address, portID)
    case .packet:
      result.interface = kernel.value(address, interface).map { UInt64(UInt32(truncatingIfNeeded: $0)) }
      // In network order.
      result.proto = kernel.value(address, packetProtocol).map { Self.swapped($0) } ?? result.proto
    case nil: break
    }
    known[address] = result
    return result
  }

  /// Of the file that the socket is for its process.
  private func inode(_ address: UInt64) -> UInt64? {
    kernel.pointer(address, socket).flatMap {
      kernel.value($0 &+ UInt64(bitPattern: inodeFromSocket), inodeNumber)
    }
  }

  private static func swapped(_ port: UInt64) -> UInt64 { (port & 0xFF) << 8 | port >> 8 & 0xFF }

  private func end(_ address: UInt64, _ member: Member?, _ size: Int, port: UInt64?) -> Socket.End? {
    guard let member, let bytes = kernel.space.whole(address &+ UInt64(member.offset), size), let port else {
      return nil
    }
    return Socket.End(address: IPText.text(bytes), port: UInt16(truncatingIfNeeded: port))
  }

  private func path(_ address: UInt64) -> String {
    guard let name = kernel.pointer(address, unixAddress), let length = kernel.value(name, unixLength), length > 2,
      let start = kernel.address(name, unixName)
    else { return "" }
    let bytes = kernel.space.bytes(start &+ 2, Int(min(length - 2, 108))).bytes
    if bytes.first == 0 {
      return "@" + String(decoding: bytes.dropFirst(), as: UTF8.self)
    }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Addresses as text (RFC 5952 for IPv6).
enum IPText {
  /// - Parameter bytes: 4 or 16, in network order.
  static func text(_ bytes: [UInt8]) -> String {
    guard bytes.count == 16 else { return bytes.map { String($0) }.joined(separator: ".") }
    if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return "::ffff:" + text(Array(bytes[12...]))
    }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    // The longest run of at least two zero groups, the first of equals, becomes `::`.
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = max(end, start + 1)
    }
    func joined(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
    if best.isEmpty { return joined(groups[...]) }
    return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
  }
}
