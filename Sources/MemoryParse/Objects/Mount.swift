/// A mounted file system, as one mount namespace sees it.
struct Mount {
  var address: UInt64
  var id: Int32
  var parentID: Int32
  var major: UInt32
  var minor: UInt32
  /// The part of the file system that is mounted.
  var root: String
  var point: String
  /// Of the mount, then of the file system.
  var options: String
  var superOptions: String
  var propagation: String
  var fileSystem: String
  var source: String
  var superBlock: UInt64
}

struct MountReader {
  private let kernel: Kernel
  private let paths: PathReader
  private let vfs: UInt64

  init(_ kernel: Kernel, _ paths: PathReader) {
    self.kernel = kernel
    self.paths = paths
    vfs = kernel.types.offset("mount", "mnt") ?? 0
  }

  /// The mounts of a `struct mnt_namespace`, by id: a list up to 6.7, a tree from 6.8.
  func mounts(ofNamespace namespace: UInt64) -> [Mount] {
    let addresses: [UInt64]
    if let tree = kernel.member("mnt_namespace", "mounts.rb_node") {
      let node = kernel.types.offset("mount", "mnt_node") ?? 0
      addresses = kernel.tree(root: kernel.value(namespace, tree)).map { $0 &- node }
    } else {
      addresses = kernel.list(
        kernel.address(namespace, kernel.member("mnt_namespace", "list")), of: kernel.member("mount", "mnt_list"))
    }
    return addresses.compactMap { mount(at: $0, in: namespace) }
  }

  private func mount(at address: UInt64, in namespace: UInt64) -> Mount? {
    // Entries without a namespace are cursors of somebody who is reading the list; those of another are a torn list.
    guard kernel.pointer(address, kernel.member("mount", "mnt_ns")) == namespace,
      let superBlock = kernel.pointer(address, kernel.member("mount", "mnt.mnt_sb")),
      let root = kernel.pointer(address, kernel.member("mount", "mnt.mnt_root"))
    else { return nil }
    let id = kernel.member("mount", "mnt_id")
    let parent = kernel.pointer(address, kernel.member("mount", "mnt_parent"))
    let device = UInt32(truncatingIfNeeded: kernel.value(superBlock, kernel.member("super_block", "s_dev")) ?? 0)
    let flags = kernel.value(address, kernel.member("mount", "mnt.mnt_flags")) ?? 0
    let superFlags = kernel.value(superBlock, kernel.member("super_block", "s_flags")) ?? 0
    var type = paths.fileSystem(ofSuper: superBlock)
    if let subtype = kernel.string(superBlock, kernel.member("super_block", "s_subtype"), limit: 64), !subtype.isEmpty {
      type += "." + subtype
    }
    return Mount(
      address: address, id: kernel.int32(address, id) ?? 0, parentID: parent.flatMap { kernel.int32($0, id) } ?? 0,
      major: device >> 20, minor: device & 0xF_FFFF, root: paths.path(inFileSystem: root),
      point: paths.path(mount: address &+ vfs, dentry: root), options: Self.options(flags, isSuper: false),
      superOptions: Self.options(superFlags, isSuper: true), propagation: propagation(address), fileSystem: type,
      source: kernel.string(address, kernel.member("mount", "mnt_devname"), limit: 4096) ?? "none",
      superBlock: superBlock)
  }

  /// The words that /proc prints for flags (`fs/proc_namespace.c`).
  private static func options(_ flags: UInt64, isSuper: Bool) -> String {
    let words: [(UInt64, String)] =
      isSuper
      ? [(1 << 4, "sync"), (1 << 7, "dirsync"), (1 << 6, "mand"), (1 << 25, "lazytime")]
      : [
        (0x01, "nosuid"), (0x02, "nodev"), (0x04, "noexec"), (0x08, "noatime"), (0x10, "nodiratime"),
        (0x20, "relatime"), (0x80, "nosymfollow"),
      ]
    let readOnly = isSuper ? flags & 1 != 0 : flags & 0x40 != 0
    return ([readOnly ? "ro" : "rw"] + words.filter { flags & $0.0 != 0 }.map { $0.1 }).joined(separator: ",")
  }

  private func propagation(_ mount: UInt64) -> String {
    var words: [String] = []
    let group = kernel.member("mount", "mnt_group_id")
    let flags = kernel.value(mount, kernel.member("mount", "mnt.mnt_flags")) ?? 0
    let shared = kernel.int32(mount, group) ?? 0
    // MNT_SHARED, of old a flag of the mount.
    if flags & 0x1000 != 0 || kernel.value(mount, kernel.member("mount", "mnt_t_flags")).map({ $0 & 1 != 0 }) == true {
      words.append("shared:\(shared)")
    }
    if let master = kernel.pointer(mount, kernel.member("mount", "mnt_master")) {
      words.append("master:\(kernel.int32(master, group) ?? 0)")
    }
    return words.joined(separator: " ")
  }
}
