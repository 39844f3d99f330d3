import Bytes

/// Names of users, out of `/etc/passwd` as the page cache holds it.
struct UserNames {
  private let snapshot: Snapshot

  init(_ snapshot: Snapshot) { self.snapshot = snapshot }

  func read() -> [UInt32: String] {
    guard let inode = CachedFileReader(snapshot).inode(at: ["etc", "passwd"]), inode.type == "REG",
      let content = snapshot.pageCache.content(of: inode, limit: 1 << 20)
    else { return [:] }
    var names: [UInt32: String] = [:]
    content.bytes.withView { view in
      for line in view.split(0x0A, limit: 1 << 14) {
        let fields = line.split(0x3A, limit: 8)
        guard fields.count >= 4, !fields[0].isEmpty, fields[0].firstIndex(of: 0) == nil,
          let uid = fields[2].integer.flatMap({ UInt32(exactly: $0) }), names[uid] == nil
        else { continue }
        names[uid] = fields[0].string
      }
    }
    return names
  }
}
