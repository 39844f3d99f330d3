/// The namespaces a task lives in, by the inode numbers that `/proc/PID/ns` shows.
struct TaskNamespaces: Hashable {
  var mount: UInt64?
  var pid: UInt64?
  var network: UInt64?
  var host: UInt64?
  var ipc: UInt64?
  var user: UInt64?
  /// Address of the mount namespace.
  var mountAddress: UInt64?
  var hostName: String?
}

final class NamespaceReader {
  private let kernel: Kernel
  private let proxy: Member?
  private let parts: [(Member?, Member?)]
  private let nodeName: Member?
  private let userOfCred: (Member?, Member?, Member?)
  private let cgroups: Member?
  private let defaultCgroup: Member?
  private let cgroupNode: Member?
  private let nodeParent: Member?
  private let nodeText: Member?
  private let groupLinks: Member?
  private let groupLink: Member?
  private let linkedGroup: Member?
  private var known: [UInt64: TaskNamespaces] = [:]
  private var knownGroups: [UInt64: String?] = [:]

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    proxy = types.member("task_struct", "nsproxy")
    parts = [
      ("mnt_ns", "mnt_namespace"), ("pid_ns_for_children", "pid_namespace"), ("net_ns", "net"),
      ("uts_ns", "uts_namespace"), ("ipc_ns", "ipc_namespace"),
    ].map { (types.member("nsproxy", $0.0), types.member($0.1, "ns.inum")) }
    nodeName = types.member("uts_namespace", "name.nodename")
    userOfCred = (
      types.member("task_struct", "real_cred"), types.member("cred", "user_ns"),
      types.member("user_namespace", "ns.inum")
    )
    cgroups = types.member("task_struct", "cgroups")
    defaultCgroup = types.member("css_set", "dfl_cgrp")
    cgroupNode = types.member("cgroup", "kn")
    nodeParent = types.member("kernfs_node", anyOf: "parent", "__parent")
    nodeText = types.member("kernfs_node", "name")
    groupLinks = types.member("css_set", "cgrp_links")
    groupLink = types.member("cgrp_cset_link", "cgrp_link")
    linkedGroup = types.member("cgrp_cset_link", "cgrp")
  }

  func namespaces(ofTask task: UInt64) -> TaskNamespaces? {
    guard let set = kernel.pointer(task, proxy) else { return nil }
    let key = set
    var spaces: TaskNamespaces
    if let found = known[key] {
      spaces = found
    } else {
      let pointers = parts.map { kernel.pointer(set, $0.0) }
      let numbers = zip(pointers, parts).map { pointer, part in
        pointer.flatMap { kernel.value($0, part.1) }.map { $0 & 0xFFFF_FFFF }
      }
      spaces = TaskNamespaces(
        mount: numbers[0], pid: numbers[1], network: numbers[2], host: numbers[3], ipc: numbers[4],
        mountAddress: pointers[0], hostName: pointers[3].flatMap { kernel.text($0, nodeName) })
      known[key] = spaces
    }
    spaces.user = kernel.pointer(task, userOfCred.0).flatMap { kernel.pointer($0, userOfCred.1) }
      .flatMap { kernel.value($0, userOfCred.2) }.map { $0 & 0xFFFF_FFFF }
    return spaces
  }

  /// `/system.slice/ssh.service`, `/docker/3f…`: where the task stands in the unified hierarchy; where that is not in use
  /// (cgroup v1), in the one of the others that tells most.
  func cgroup(ofTask task: UInt64) -> String? {
    guard let set = kernel.pointer(task, cgroups) else { return nil }
    if let known = knownGroups[set] { return known }
    let unified = kernel.pointer(set, defaultCgroup).flatMap { self.path(ofGroup: $0) }
    var found = unified
    if unified == nil || unified == "/" {
      let others = kernel.list(kernel.address(set, groupLinks), of: groupLink).prefix(64)
        .compactMap { kernel.pointer($0, linkedGroup) }.compactMap { self.path(ofGroup: $0) }
      found =
        others.first { ContainerPath($0).container != nil } ?? others.max { ($0.utf8.count, $1) < ($1.utf8.count, $0) }
        ?? unified
    }
    knownGroups[set] = found
    return found
  }

  private func path(ofGroup group: UInt64) -> String? {
    guard var node = kernel.pointer(group, cgroupNode) else { return nil }
    var parts: [String] = []
    for _ in 0..<64 {
      guard let above = kernel.pointer(node, nodeParent) else { return "/" + parts.reversed().joined(separator: "/") }
      parts.append(kernel.string(node, nodeText, limit: 256) ?? "?")
      node = above
    }
    return nil
  }
}
