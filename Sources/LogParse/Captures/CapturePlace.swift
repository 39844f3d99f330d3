/// Where a collector puts what its commands printed, as against the files that it copied from the host's disk.
public enum CapturePlace {
  /// Folders that collectors make for the output of commands.
  private static let folders: Set<Substring> = [
    "command", "commands", "live_response", "live-response", "liveresponse", "volatile",
  ]
  /// Folders of a disk in which programs keep files of their own.
  private static let diskFolders: Set<Substring> = ["etc", "var", "usr", "opt", "srv", "lib", "bin", "sbin", "boot"]
  private static let clockNames: Set<Substring> = [
    "date", "datetime", "time", "clock", "hwclock", "epoch", "now", "timedatectl", "uac", "acquisition",
  ]

  /// Whether the file lies on a copy of the host's disk and below no folder of a collector.
  public static func isOnDisk(_ path: String) -> Bool {
    let folders = path.split(separator: "/").dropLast()
    if folders.contains("[root]") { return true }
    guard let disk = folders.lastIndex(where: { diskFolders.contains($0) }) else { return false }
    return !folders[disk...].contains { Self.folders.contains($0) }
  }

  /// Whether what the file says of the clock is the host's own at the capture: a date may stand in any file, and one that a
  /// script wrote months ago would put the host's logs into another year.
  public static func tellsClock(_ path: String) -> Bool {
    if isOnDisk(path) { return false }
    let parts = path.split(separator: "/")
    if parts.dropLast().contains(where: { folders.contains($0) }) { return true }
    let name = (parts.last ?? "").lowercased()
    return name.split { !$0.isLetter }.contains { clockNames.contains($0) }
  }
}
