/// The kernel's own tables of sockets: what `/proc/net` shows. Sockets without a process (time-wait, orphans) are only here;
/// one that a process holds but no table has hides from `netstat`.
final class SocketTables {
  private let kernel: Kernel
  private let node: Member?
  private let nullsNode: Member?

  /// As many buckets as the largest machine gets.
  private static let bucketLimit: UInt64 = 1 << 22
  /// All chains together, so that torn ones that lead into each other end.
  private static let socketLimit = 1 << 19
  private var taken = 0
  /// No bucket and no link was missing from the dump.
  private(set) var areWhole = true

  init(_ kernel: Kernel) {
    self.kernel = kernel
    node = kernel.member("sock", "__sk_common.skc_node")
    nullsNode = kernel.member("sock", "__sk_common.skc_nulls_node")
  }

  /// Every network namespace: `struct net`.
  lazy var networks: [UInt64] = {
    let link = kernel.member("net", "list")
    if let head = kernel.symbols["net_namespace_list"] {
      let listed = kernel.list(head, of: link)
      if !listed.isEmpty { return listed }
    }
    guard let first = firstNetwork else { return [] }
    // The head of the list lies among its elements; it has not the operations of a namespace.
    let operations = kernel.member("net", "ns.ops")
    let own = kernel.value(first, operations)
    return [first] + kernel.list(kernel.address(first, link), of: link).filter { kernel.value($0, operations) == own }
  }()

  private var firstNetwork: UInt64? {
    kernel.symbols["init_net"]
      ?? kernel.pointer(kernel.initTask, kernel.member("task_struct", "nsproxy"))
      .flatMap { kernel.pointer($0, kernel.member("nsproxy", "net_ns")) }
  }

  /// Addresses of the `struct sock` of all tables, each once.
  ///
  /// - Parameter open: sockets that processes hold; where a table has no name they lead to it.
  func sockets(open: [Socket]) -> [UInt64] {
    var seen: Set<UInt64> = []
    return (tcp() + udp(open) + raw() + unix(open) + packet()).filter { seen.insert($0).inserted }
  }

  private func chain(_ first: UInt64?, _ link: Member?) -> [UInt64] {
    guard let link, taken < Self.socketLimit else { return [] }
    let nodes = kernel.chain(from: first)
    if let last = nodes.last, kernel.space.u64(last) == nil { areWhole = false }
    let found = nodes.map { $0 &- UInt64(link.offset) }
    taken += found.count
    return found
  }

  private func forEachBucket(
    _ table: UInt64, _ count: UInt64, size: Int, head: Int, _ body: (UInt64) -> Void
  ) {
    for index in 0..<min(count, Self.bucketLimit) {
      guard let first = kernel.space.u64(table &+ index &* UInt64(size) &+ UInt64(head)) else {
        areWhole = false
        continue
      }
      if first & 1 == 0, first != 0 { body(first) }
    }
  }

  // MARK: Tables

  private func tcp() -> [UInt64] {
    var tables: [UInt64] = [kernel.symbols["tcp_hashinfo"]].compactMap { $0 }
    if let own = kernel.member("net", "ipv4.tcp_death_row.hashinfo"), own.size == 8 {
      for network in networks {
        if let table = kernel.pointer(network, own), !tables.contains(table) { tables.append(table) }
      }
    }
    func info(_ path: String) -> Member? { kernel.member("inet_hashinfo", path) }
    let size = kernel.types.size("inet_ehash_bucket") ?? 8
    let listenSize = kernel.types.size("inet_listen_hashbucket") ?? 16
    let listenHead = (kernel.types.member("inet_listen_hashbucket", anyOf: "nulls_head", "head"))?.offset ?? 0
    // Until 5.18 listeners were linked by a node of their own.
    let listenLink = kernel.member("inet_connection_sock", "icsk_listen_portaddr_node") ?? nullsNode
    var found: [UInt64] = []
    for table in tables {
      if let buckets = kernel.pointer(table, info("ehash")), let mask = kernel.value(table, info("ehash_mask")) {
        forEachBucket(buckets, mask &+ 1, size: size, head: 0) { found += chain($0, nullsNode) }
      }
      if let buckets = kernel.pointer(table, info("lhash2")), let mask = kernel.value(table, info("lhash2_mask")) {
        forEachBucket(buckets, mask &+ 1, size: listenSize, head: listenHead) { found += chain($0, listenLink) }
      }
    }
    return found
  }

  private func udp(_ open: [Socket]) -> [UInt64] {
    var tables: [UInt64] = [kernel.symbols["udp_table"], kernel.symbols["udplite_table"]].compactMap { $0 }
    if let own = kernel.member("net", "ipv4.udp_table") {
      for network in networks {
        if let table = kernel.pointer(network, own), !tables.contains(table) { tables.append(table) }
      }
    }
    if tables.isEmpty {
      // Any UDP socket's protocol names the table.
      let proto = kernel.member("sock", "__sk_common.skc_prot")
      let table = kernel.member("proto", "h.udp_table")
      for socket in open where socket.isInternet && socket.proto == 17 {
        if let found = kernel.pointer(socket.address, proto).flatMap({ kernel.pointer($0, table) }),
          !tables.contains(found)
        {
          tables.append(found)
        }
      }
    }
    let size = kernel.types.size("udp_hslot") ?? 16
    let head = kernel.types.member("udp_hslot", anyOf: "head", "nulls_head")?.offset ?? 0
    var found: [UInt64] = []
    for table in tables {
      guard let buckets = kernel.pointer(table, kernel.member("udp_table", "hash")),
        let mask = kernel.value(table, kernel.member("udp_table", "mask"))
      else { continue }
      forEachBucket(buckets, mask &+ 1, size: size, head: head) { found += chain($0, node) }
    }
    return found
  }

  private func raw() -> [UInt64] {
    var found: [UInt64] = []
    for name in ["raw_v4_hashinfo", "raw_v6_hashinfo"] {
      guard let table = kernel.symbols[name], let heads = kernel.member("raw_hashinfo", "ht"), heads.elementCount > 0,
        heads.elementSize > 0
      else { continue }
      forEachBucket(
        table &+ UInt64(heads.offset), UInt64(heads.elementCount), size: heads.elementSize, head: 0
      ) { found += chain($0, node) }
    }
    return found
  }

  private func packet() -> [UInt64] {
    guard let list = kernel.member("net", "packet.sklist") else { return [] }
    return networks.flatMap { network in chain(kernel.space.u64(network &+ UInt64(list.offset)), node) }
  }

  /// 512 heads: one array up to 5.18, one a namespace later.
  private func unix(_ open: [Socket]) -> [UInt64] {
    var tables: [UInt64] = []
    if let buckets = kernel.member("net", "unx.table.buckets") {
      tables = networks.compactMap { kernel.pointer($0, buckets) }
    } else if let table = kernel.symbols["unix_socket_table"] {
      tables = [table]
    } else if let table = unixTableByPlace(open) {
      tables = [table]
    }
    var found: [UInt64] = []
    for table in tables { forEachBucket(table, 512, size: 8, head: 0) { found += chain($0, node) } }
    return found
  }

  /// A socket without a name hangs in the bucket that its address tells (`net/unix/af_unix.c`, `unix_sockets_unbound`), so
  /// the head that it leads back to tells where the table begins. The majority counts.
  private func unixTableByPlace(_ open: [Socket]) -> UInt64? {
    guard let link = node.map({ UInt64($0.offset) }) else { return nil }
    var votes: [UInt64: Int] = [:]
    for socket in open where socket.family == .unix && socket.path?.isEmpty == true {
      var place = socket.address &+ link
      for _ in 0..<1024 {
        guard let previous = kernel.space.u64(place &+ 8), kernel.isKernelAddress(previous) else { break }
        place = previous
        if kernel.isInImage(place) { break }
      }
      guard kernel.isInImage(place) else { continue }
      var hash = socket.address ^ socket.address >> 16
      hash = (hash ^ hash >> 8) % 256
      votes[place &- 8 &* (256 + hash), default: 0] += 1
    }
    return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}
