/// What a file is called, and what kind of thing it is.
struct FileName: Hashable {
  enum Kind: Hashable { case path, socket, pipe, anonymous, namespace }
  var kind: Kind
  /// As `/proc/PID/fd` shows it, ` (deleted)` included.
  var text: String
  var isDeleted: Bool
  var inode: UInt64
  /// Type of the file system: `ext4`, `sockfs`.
  var fileSystem: String
}

/// Names of files, from dentries and mounts.
final class PathReader {
  private let kernel: Kernel
  private let dentryParent: Member?
  private let dentryName: Member?
  private let dentrySuper: Member?
  private let dentryHash: Member?
  private let dentryInode: Member?
  private let dentryData: Member?
  private let superType: Member?
  private let typeName: Member?
  private let mountOfVFS: UInt64
  private let mountRoot: Member?
  private let mountParent: Member?
  private let mountPoint: Member?
  private let vfsRoot: Member?
  private let inodeNumber: Member?
  private let inodePrivate: Member?
  let fileDentry: Member?
  let fileMount: Member?
  let fileInode: Member?

  private var names: [UInt64: String] = [:]
  private var files: [UInt64: FileName] = [:]
  private var types: [UInt64: String] = [:]

  /// As deep as the kernel itself allows a path of one-letter names to be printed.
  private static let depthLimit = 2048
  /// PATH_MAX; a torn chain would make more.
  private static let lengthLimit = 4096

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    dentryParent = types.member("dentry", "d_parent")
    dentryName = types.member("dentry", anyOf: "d_name.name", "__d_name.name")
    dentrySuper = types.member("dentry", "d_sb")
    dentryHash = types.member("dentry", "d_hash.pprev")
    dentryInode = types.member("dentry", "d_inode")
    dentryData = types.member("dentry", "d_fsdata")
    superType = types.member("super_block", "s_type")
    typeName = types.member("file_system_type", "name")
    mountOfVFS = types.offset("mount", "mnt") ?? 0
    mountRoot = types.member("mount", "mnt.mnt_root")
    mountParent = types.member("mount", "mnt_parent")
    mountPoint = types.member("mount", "mnt_mountpoint")
    vfsRoot = types.member("vfsmount", "mnt_root")
    inodeNumber = types.member("inode", "i_ino")
    inodePrivate = types.member("inode", "i_private")
    fileDentry = types.member("file", anyOf: "f_path.dentry", "__f_path.dentry")
    fileMount = types.member("file", anyOf: "f_path.mnt", "__f_path.mnt")
    fileInode = types.member("file", "f_inode")
  }

  /// The name of an open or mapped file; nil where its dentry cannot be read.
  func name(ofFile file: UInt64) -> FileName? {
    if let known = files[file] { return known }
    guard let dentry = kernel.pointer(file, fileDentry) else { return nil }
    let inode = (kernel.pointer(file, fileInode) ?? kernel.pointer(dentry, dentryInode))
    let name = name(dentry: dentry, mount: kernel.pointer(file, fileMount), inode: inode)
    files[file] = name
    return name
  }

  func name(dentry: UInt64, mount: UInt64?, inode: UInt64?) -> FileName {
    let number = inode.flatMap { kernel.value($0, inodeNumber) } ?? 0
    let type = fileSystem(ofDentry: dentry)
    func named(_ kind: FileName.Kind, _ text: String, deleted: Bool = false) -> FileName {
      FileName(kind: kind, text: text, isDeleted: deleted, inode: number, fileSystem: type)
    }
    switch type {
    case "sockfs": return named(.socket, "socket:[\(number)]")
    case "pipefs": return named(.pipe, "pipe:[\(number)]")
    case "anon_inodefs": return named(.anonymous, "anon_inode:" + part(dentry))
    case "pidfs": return named(.anonymous, "anon_inode:[pidfd]")
    case "nsfs": return named(.namespace, "\(namespaceKind(dentry, inode)):[\(number)]")
    default: break
    }
    let parent = kernel.pointer(dentry, dentryParent)
    if parent == dentry, let mount, kernel.pointer(mount, vfsRoot) != dentry {
      // A file without a name in any directory: memfd, System V shared memory, shared anonymous memory.
      return named(.path, "/" + part(dentry) + " (deleted)", deleted: true)
    }
    let isDeleted = kernel.value(dentry, dentryHash) == 0 && parent != dentry
    let text = path(mount: mount, dentry: dentry)
    return named(.path, isDeleted ? text + " (deleted)" : text, deleted: isDeleted)
  }

  /// The whole path up to the root of the mount namespace.
  ///
  /// - Parameter mount: a `struct vfsmount *`.
  func path(mount: UInt64?, dentry: UInt64) -> String {
    var parts: [String] = []
    var place = dentry
    var mount = mount.map { $0 &- mountOfVFS }
    var length = 0
    for _ in 0..<Self.depthLimit where length < Self.lengthLimit {
      let parent = kernel.pointer(place, dentryParent)
      let isRoot = mount.map { kernel.pointer($0, mountRoot) == place } ?? false
      if isRoot || parent == place || parent == nil {
        guard let below = mount, let above = kernel.pointer(below, mountParent), above != below,
          let point = kernel.pointer(below, mountPoint)
        else { break }
        place = point
        mount = above
        continue
      }
      parts.append(part(place))
      length += (parts.last?.utf8.count ?? 0) + 1
      place = parent ?? place
    }
    return "/" + parts.reversed().joined(separator: "/")
  }

  /// The path inside one file system, without where that is mounted.
  func path(inFileSystem dentry: UInt64) -> String { path(mount: nil, dentry: dentry) }

  private func part(_ dentry: UInt64) -> String {
    if let known = names[dentry] { return known }
    let name = kernel.string(dentry, dentryName, limit: 256) ?? "?"
    if names.count < 1 << 18 { names[dentry] = name }
    return name
  }

  func fileSystem(ofDentry dentry: UInt64) -> String {
    kernel.pointer(dentry, dentrySuper).map { fileSystem(ofSuper: $0) } ?? ""
  }

  func fileSystem(ofSuper superBlock: UInt64) -> String {
    if let known = types[superBlock] { return known }
    let name = kernel.pointer(superBlock, superType).flatMap { kernel.string($0, typeName, limit: 64) } ?? ""
    types[superBlock] = name
    return name
  }

  /// `mnt`, `net` …: the name of the namespace's operations, which the dentry or the inode points to.
  private func namespaceKind(_ dentry: UInt64, _ inode: UInt64?) -> String {
    let name = kernel.member("proc_ns_operations", "name")
    let viaInode = inode.flatMap { kernel.pointer($0, inodePrivate) }
      .flatMap { kernel.pointer($0, kernel.member("ns_common", "ops")) }
    for operations in [kernel.pointer(dentry, dentryData), viaInode] {
      if let operations, let text = kernel.string(operations, name, limit: 32), !text.isEmpty, text.count < 24,
        text.utf8.allSatisfy({ (0x5F...0x7A).contains($0) })
      {
        return text
      }
    }
    return "ns"
  }
}
