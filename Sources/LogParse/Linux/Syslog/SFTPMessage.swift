import Bytes
import Evidence

/// What OpenSSH's sftp-server logs of sessions and of the files that they touch (`-l INFO`).
enum SFTPMessage {
  // session opened for local user ops from [203.0.113.9]
  // open "/var/www/x.php" flags WRITE,CREATE,TRUNCATE mode 0644        close "/var/www/x.php" bytes read 0 written 42
  // remove name "/x"        rename old "/x" new "/y"        mkdir name "/x" mode 0755        opendir "/"
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    for (words, action) in sessions where body.hasPrefix(ByteView(words)) {
      let rest = body.slice(words.utf8CodeUnitCount)
      guard let from = rest.lastIndex(of: " from ") else { return }
      draft.put("action", action)
      AuthMessage.addUser(rest.slice(0, from), &draft, &cache)
      var host = rest.slice(from + 6)
      if host[0] == 0x5B, let close = host.firstIndex(of: 0x5D) { host = host.slice(1, close) }
      return AuthMessage.addRemote(host, nil, &draft, &cache)
    }
    for (words, action) in calls where body.hasPrefix(ByteView(words)) {
      // A name may hold a quote: it ends with the last of its kind.
      let rest = body.slice(words.utf8CodeUnitCount)
      let isOpen = action == "file_opened"
      let mark =
        isOpen
        ? "\" flags "
        : action == "file_closed" ? "\" bytes " : action == "file_renamed" ? "\" new \"" : "\" mode " as StaticString
      let end = rest.firstIndex(of: ByteView(mark)) ?? rest.lastIndex(of: 0x22) ?? rest.count
      draft.put("action", action)
      draft.add("path", new: rest.slice(0, end))
      let behind = rest.slice(end + mark.utf8CodeUnitCount)
      if action == "file_renamed" {
        draft.add("new_path", new: behind.slice(0, behind.lastIndex(of: 0x22) ?? behind.count))
      } else if isOpen {
        draft.add("flags", new: behind.cut(0x20)?.before ?? behind)
      } else if action == "file_closed" {
        draft.add("detail", new: behind)
      }
      return
    }
  }

  private static let sessions: [(StaticString, String)] = [
    ("session opened for local user ", "session_opened"), ("session closed for local user ", "session_closed"),
  ]

  private static let calls: [(StaticString, String)] = [
    ("open \"", "file_opened"), ("close \"", "file_closed"), ("remove name \"", "file_deleted"),
    ("rename old \"", "file_renamed"), ("posix-rename old \"", "file_renamed"), ("mkdir name \"", "folder_made"),
    ("rmdir name \"", "folder_deleted"), ("opendir \"", "folder_listed"),
  ]
}
