import Bytes
import Evidence

extension CustodyLog {
  /// Every folder that a report was written into, as the log has it. One pass over the log; empty where there is none.
  public func reportFolders() -> [String] {
    guard let stream = try? FileStream(path: path) else { return [] }
    let lines = LineReader(stream, limit: Self.lineLimit)
    var folders: [String] = []
    var known: Set<String> = []
    // Nearly all lines are of other actions, and few stores have more reports than a screen has lines.
    while let line = try? lines.next() {
      guard line.bytes.contains(Self.reportMark) else { continue }
      let entry = JSONView(line.bytes)
      guard entry["action"]?.string == "report", let folder = entry["folder"]?.string, known.insert(folder).inserted
      else { continue }
      folders.append(folder)
    }
    return folders
  }

  private static let reportMark: StaticString = "\"action\":\"report\""
}
