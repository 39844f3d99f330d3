import Evidence

/// Tells what a package manager put in place from what somebody made: an update changes many programs within minutes, and
/// each keeps the time at which its package was built.
struct PackageChanges {
  /// Files of programs that were changed or created, in order of time.
  private let times: [Int64]
  /// So many within as much time on both sides are an update.
  private static let many = 20
  private static let distance: Int64 = 5 * 60 * 1_000_000_000

  init(_ files: [FileFact]) {
    times = files.filter { Self.isProgram($0.path) }
      .compactMap { file in file.times.filter { $0.meaning != .modification }.map(\.time.nanoseconds).max() }.sorted()
  }

  /// Whether a setuid program came to be there at that moment as part of its package.
  func brought(_ file: FileFact, at moment: FileTime, in windows: [ClosedRange<Timestamp>]) -> Bool {
    // What was written meanwhile is no file of a package.
    let isWritten = file.times.contains { $0.meaning == .modification && windows.hold($0.time) }
    guard !isWritten else { return false }
    let name = file.path.split(separator: "/").last.map(String.init) ?? ""
    return Self.known.contains(name) || isUpdate(moment.time.nanoseconds)
  }

  private func isUpdate(_ moment: Int64) -> Bool {
    let (start, isBefore) = moment.subtractingReportingOverflow(Self.distance)
    let (end, isBeyond) = moment.addingReportingOverflow(Self.distance)
    guard !isBefore, !isBeyond else { return false }
    return place(of: end &+ 1) - place(of: start) >= Self.many
  }

  /// How many times lie before.
  private func place(of time: Int64) -> Int {
    var low = 0
    var high = times.count
    while low < high {
      let middle = low + (high - low) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Where a distribution puts its programs; those of a container's image lie below a layer's folder.
  static func isProgram(_ path: String) -> Bool {
    let path = withinImage(path)
    for folder in [
      "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/lib/", "/usr/libexec/", "/lib/", "/usr/lib64/", "/snap/",
    ]
    where path.hasPrefix(folder) { return true }
    return false
  }

  /// `/var/lib/docker/overlay2/…/diff/usr/bin/su` is `/usr/bin/su` in its container.
  private static func withinImage(_ path: String) -> Substring {
    for store in ["/var/lib/docker/", "/var/lib/containerd/", "/var/lib/containers/"] where path.hasPrefix(store) {
      for layer in ["/diff/", "/merged/", "/fs/"] {
        if let range = path.ranges(of: layer).first { return path[path.index(before: range.upperBound)...] }
      }
    }
    return path[...]
  }

  /// Programs that are setuid or setgid on every system that has them.
  private static let known: Set<String> = [
    "at", "bsd-write", "chage", "chfn", "chsh", "crontab", "dbus-daemon-launch-helper", "dotlockfile", "expiry",
    "fusermount", "fusermount3", "gpasswd", "grub2-set-bootflag", "locate", "mlocate", "mount", "mount.cifs",
    "mount.nfs", "newgidmap", "newgrp", "newuidmap", "ntfs-3g", "pam_extrausers_chkpwd", "pam_timestamp_check",
    "passwd", "ping", "ping6", "pkexec", "plocate", "polkit-agent-helper-1", "postdrop", "postqueue", "pppd",
    "snap-confine", "ssh-agent", "ssh-keysign", "staprun", "su", "sudo", "sudoedit", "traceroute6.iputils", "umount",
    "unix_chkpwd", "userhelper", "usernetctl", "utempter", "vmware-user-suid-wrapper", "wall", "write", "Xorg.wrap",
  ]
}
