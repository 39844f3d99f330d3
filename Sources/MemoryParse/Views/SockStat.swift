import Bytes

/// `linux.sockstat`: sockets of processes, then those that no process holds.
enum SockStat: MemoryTable {
  static let name = "sockstat"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for held in snapshot.sockets {
      let socket = held.socket
      table.row { row in
        row.column("NetNS", socket.networkNamespace)
        row.column("Process Name", held.process?.task.name)
        row.column("PID", held.process?.pid)
        row.column("TID", held.process?.task.thread)
        row.column("FD", held.descriptor)
        row.column("Sock Offset", socket.address)
        row.column("Family", socket.familyName)
        row.column("Type", socket.typeName)
        row.column("Proto", socket.family == .unix ? nil : socket.protocolName)
        switch socket.family {
        case .unix:
          row.column("Source Addr", socket.path)
          row.column("Source Port", String(socket.inode))
          row.column("Destination Addr", socket.peerPath)
          row.column("Destination Port", socket.peerInode.map { String($0) })
        case .netlink, .packet:
          // A packet socket has no port; its address is the interface.
          row.column("Source Addr", socket.interface.map { $0 == 0 ? "ANY" : "ifindex:\($0)" })
          row.column("Source Port", socket.portID.map { String($0) })
          row.column("Destination Addr", nil as String?)
          row.column("Destination Port", nil as String?)
        default:
          row.column("Source Addr", socket.local?.address)
          row.column("Source Port", socket.local.map { String($0.port) })
          row.column("Destination Addr", socket.remote?.address)
          row.column("Destination Port", socket.remote.map { String($0.port) })
        }
        row.column("State", socket.stateName)
        row.column("Filter", nil as String?)
        row.key("Sources")
        row.value(held.sources)
      }
    }
  }
}
