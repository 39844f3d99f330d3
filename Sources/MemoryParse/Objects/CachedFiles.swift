/// A file whose inode is in memory, under a name that a directory gives it.
struct CachedFile {
  var path: String
  var mountPoint: String
  var superBlock: UInt64
  var inode: Inode
}

/// Walks the trees of directory entries of all mounted file systems.
struct CachedFileReader {
  private let snapshot: Snapshot
  private static let limit = 1 << 18

  init(_ snapshot: Snapshot) { self.snapshot = snapshot }

  /// Files of each file system once, under its first mount point, as they are met.
  func forEach(_ body: (CachedFile) -> Void) {
    let kernel = snapshot.kernel
    let rootMember = kernel.member("super_block", "s_root")
    var seenSuper: Set<UInt64> = []
    var left = Self.limit
    for mount in snapshot.mounts.flatMap({ $0.mounts }) where seenSuper.insert(mount.superBlock).inserted {
      guard let root = kernel.pointer(mount.superBlock, rootMember) else { continue }
      walk(root, mount, &left, body)
    }
  }

  /// The inode of a path on the machine's root file system, as far as directory entries in memory lead to it.
  func inode(at path: [String]) -> Inode? {
    let kernel = snapshot.kernel
    let name = kernel.types.member("dentry", anyOf: "d_name.name", "__d_name.name")
    let roots = (snapshot.mounts.first?.mounts ?? []).filter { $0.point == "/" }
    for root in roots.reversed() {
      guard var place = kernel.pointer(root.superBlock, kernel.member("super_block", "s_root")) else { continue }
      var isFound = true
      for part in path {
        guard let child = children(of: place).first(where: { kernel.string($0, name, limit: 256) == part }) else {
          isFound = false
          break
        }
        place = child
      }
      if isFound, let address = kernel.pointer(place, kernel.member("dentry", "d_inode")) {
        return snapshot.inodeReader.inode(at: address)
      }
    }
    return nil
  }

  private func walk(_ root: UInt64, _ mount: Mount, _ left: inout Int, _ body: (CachedFile) -> Void) {
    let kernel = snapshot.kernel
    let inodeMember = kernel.member("dentry", "d_inode")
    let name = kernel.types.member("dentry", anyOf: "d_name.name", "__d_name.name")
    let base = mount.point == "/" ? "" : mount.point
    var stack: [(dentry: UInt64, path: String)] = [(root, base)]
    var seen: Set<UInt64> = [root]
    while let (dentry, path) = stack.popLast(), left > 0 {
      if let address = kernel.pointer(dentry, inodeMember), let inode = snapshot.inodeReader.inode(at: address) {
        left -= 1
        body(
          CachedFile(
            path: path.isEmpty ? "/" : path, mountPoint: mount.point, superBlock: mount.superBlock, inode: inode))
      }
      // No path is longer than PATH_MAX; what seems to be is a chain that leads astray.
      guard path.utf8.count < 4096 else { continue }
      for child in children(of: dentry) where seen.count < 2 * Self.limit && seen.insert(child).inserted {
        stack.append((child, path + "/" + (kernel.string(child, name, limit: 256) ?? "?")))
      }
    }
  }

  /// A list up to 6.7, a chain from 6.8.
  ///
  /// A child names its parent: what a torn chain leads to does not.
  private func children(of dentry: UInt64) -> [UInt64] {
    let kernel = snapshot.kernel
    let parent = kernel.member("dentry", "d_parent")
    let all: [UInt64]
    if let head = kernel.member("dentry", "d_children"), let link = kernel.member("dentry", "d_sib") {
      all = kernel.chain(from: kernel.value(dentry, head)).map { $0 &- UInt64(link.offset) }
    } else {
      all = kernel.list(
        kernel.address(dentry, kernel.member("dentry", "d_subdirs")), of: kernel.member("dentry", "d_child"))
    }
    return all.filter { kernel.pointer($0, parent) == dentry }
  }
}
