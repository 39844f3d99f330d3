import Foundation

/// Files of the source tree that tests read.
public enum PackageFiles {
  /// The package's root folder.
  public static let root: String = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder = folder.deletingLastPathComponent() }
    return folder.path
  }()

  public static let fixtures = root + "/fixtures"

  /// The real bundle that the repository ships.
  public static let bundle = fixtures + "/log4shell-tomcat/bundle"

  /// Shared evidence that is not part of the repository; nil where it is not there.
  public static let shared: String? = {
    let path = ProcessInfo.processInfo.environment["IR_SHARED"] ?? root + "/../shared"
    return FileManager.default.fileExists(atPath: path + "/evidence") ? path : nil
  }()
}
