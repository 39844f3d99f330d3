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
        row.column("Proto", socket.protocolName)
        switch socket.family {
        case .unix:
          row.column("Source Addr", socket.path)
          row.column("Source Port", socket.inode)
        case .netlink:
          row.column("Source Addr", nil as String?)
          row.column("Source Port", socket.portID)
        case .packet:
          row.column("Source Addr", socket.interface.map { "ifindex:\($0)" })
          row.column("Source Port", nil as Int?)
        default:
          row.column("Source Addr", socket.local?.address)
          row.column("Source Port", socket.local?.port)
        }
        row.column("Destination Addr", socket.remote?.address)
        row.column("Destination Port", socket.remote?.port)
        row.column("State", socket.stateName)
        row.column("Filter", nil as String?)
        row.key("Sources")
        row.value(held.sources)
      }
    }
  }
}
