/// The container, and the pod, that a cgroup path names.
///
/// The engines' own conventions: Docker (cgroupfs `/docker/ID`, systemd `docker-ID.scope`), containerd and CRI-O under
/// Kubernetes (`kubepods…/podUID/ID`, `cri-containerd-ID.scope`, `crio-ID.scope`, and `…slice:cri-containerd:ID`), podman
/// (`libpod-ID.scope`, pods as `machine-libpod_pod_ID.slice`), ECS (`/ecs/TASK/ID`, on Fargate `/ecs/TASK/TASK-NUMBER`), LXC
/// and systemd-nspawn (by name). In nested engines the innermost counts.
struct ContainerPath: Hashable {
  var container: String?
  /// Kubernetes' uid of the pod with dashes; podman's id of the pod; the task of ECS.
  var pod: String?

  init(_ cgroup: String) {
    var above = ""
    for part in cgroup.split(separator: "/", maxSplits: 255) {
      // An unconverted systemd name holds the slice, the engine and the container in one part.
      for piece in part.split(separator: ":") { take(String(piece), above: above) }
      if part == "ecs" { isECS = true }
      above = String(part)
    }
  }

  private var isECS = false
  /// Monitors of containers have scopes named almost like theirs, and are no part of them.
  private static let monitors = ["crio-conmon-", "libpod-conmon-"]

  /// - Parameter above: the part before.
  private mutating func take(_ part: String, above: String) {
    if Self.monitors.contains(where: { part.hasPrefix($0) }) { return }
    var name = Substring(part)
    for end in [".scope", ".slice"] where name.hasSuffix(end) { name = name.dropLast(end.count) }
    let last = name.split(separator: "-").last ?? name
    if let id = Self.pod(name, above: above) ?? (isECS && Self.isTask(name) ? String(name) : nil) {
      pod = id
      container = nil
    } else if Self.isHexadecimal(last, 64...64) {
      container = String(last)
    } else if isECS, let pod, name.hasPrefix(pod + "-") {
      container = String(name)
    } else if let named = Self.named(part, name, above: above) {
      container = named
    }
  }

  private static func pod(_ name: Substring, above: String) -> String? {
    for mark in ["libpod_pod_", "ecstasks-"] {
      if let start = lastMark(mark, in: name), isHexadecimal(name[start...].dropFirst(mark.count), 32...64) {
        return String(name[start...].dropFirst(mark.count))
      }
    }
    // Containers below podman's own parent are called `libpod-…`; a bare id is a pod.
    if above == "libpod_parent", isHexadecimal(name, 64...64) { return String(name) }
    return podUID(name)
  }

  /// `pod` and a uid in any writing: with dashes, with underscores (systemd), or 32 digits (static pods).
  private static func podUID(_ name: Substring) -> String? {
    guard let start = name.hasPrefix("pod") ? name.startIndex : lastMark("-pod", in: name) else { return nil }
    let text = name[start...].drop { $0 == "-" }.dropFirst(3)
    let digits = text.filter { $0 != "-" && $0 != "_" }
    guard isHexadecimal(digits[...], 32...32), text.count == 32 || text.count == 36 else { return nil }
    return text.count == 32 ? String(text) : String(text.map { $0 == "_" ? "-" : $0 })
  }

  /// Engines that name containers by words.
  private static func named(_ part: String, _ name: Substring, above: String) -> String? {
    if part.hasPrefix("lxc.payload.") { return String(part.dropFirst(12)) }
    if above == "lxc" { return part }
    if part.hasPrefix("systemd-nspawn@"), part.hasSuffix(".service") { return String(part.dropFirst(15).dropLast(8)) }
    if above == "machine.slice", part.hasPrefix("machine-"), part.hasSuffix(".scope") {
      return String(name.dropFirst(8))
    }
    return nil
  }

  /// A task of ECS: a uuid, or 32 digits.
  private static func isTask(_ name: Substring) -> Bool {
    let digits = name.filter { $0 != "-" }
    return (name.count == 32 || name.count == 36) && isHexadecimal(digits[...], 32...32)
  }

  private static func isHexadecimal(_ text: Substring, _ length: ClosedRange<Int>) -> Bool {
    length.contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func lastMark(_ mark: String, in text: Substring) -> Substring.Index? {
    var place = text.endIndex
    while place > text.startIndex {
      place = text.index(before: place)
      if text[place...].hasPrefix(mark) { return place }
    }
    return nil
  }
}
