import Bytes
import Evidence

/// What sudo and su say of who became whom, and to run what.
enum SudoMessage {
  //     ops : TTY=pts/2 ; PWD=/opt/app ; USER=root ; COMMAND=/usr/bin/systemctl status app
  //     ops : 3 incorrect password attempts ; TTY=pts/2 ; PWD=/ ; USER=root ; COMMAND=/bin/sh
  //
  // Why it was refused stands in front of the fields. The folder's name is the caller's: what has no field's name belongs to it,
  // and of several `USER=` the last was written by sudo, unless the command holds it.
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard let (who, what) = body.cut(0x3A) else { return }
    let whole = what.trimmed
    guard let place = placeOfCommand(whole) else { return }
    let command = whole.slice(place + 8)
    let rest = whole.slice(0, place)
    AuthMessage.addUser(who.trimmed, &draft, &cache)
    var (tty, target, reason) = (ByteView(""), ByteView(""), ByteView(""))
    var folder: Range<Int>?
    var targets = 0
    var hasFields = false
    var start = 0
    while start < rest.count {
      let end = endOfPart(rest, from: start)
      let part = rest.slice(start, end)
      if part.hasPrefix("TTY="), !hasFields || folder == nil {
        tty = part.slice(4).trimmed
        hasFields = true
      } else if folder == nil, part.hasPrefix("PWD=") {
        folder = start + 4..<end
        hasFields = true
      } else if part.hasPrefix("USER=") {
        target = part.slice(5).trimmed
        targets += 1
        if targets > 1, let begin = folder?.lowerBound { folder = begin..<max(begin, start - 3) }
        hasFields = true
      } else if targets > 0, part.hasPrefix("ENV=") {
        // What comes now the caller may have set.
        if rest.slice(end).contains(" ; USER=") { targets += 1 }
        break
      } else if part.firstIndex(of: 0x3D) == nil || !isField(part) {
        if !hasFields {
          reason = reason.isEmpty ? part.trimmed : rest.slice(rest.offset(of: reason), end).trimmed
        } else if targets == 0, let begin = folder?.lowerBound {
          folder = begin..<max(begin, end)
        }
      } else {
        hasFields = true
      }
      start = end + 3
    }
    draft.add("detail", new: reason)
    if !tty.isEmpty { draft.put("tty", cache.text(tty)) }
    if let folder { draft.add("working_directory", new: rest.slice(folder.lowerBound, folder.upperBound).trimmed) }
    if !target.isEmpty { draft.put("target_user", cache.text(target)) }
    draft.put("action", reason.isEmpty ? "sudo" : "sudo_refused")
    draft.add("command", new: command)
    if targets > 1 || command.contains(" ; COMMAND=") { draft.put("is_ambiguous", .flag(true)) }
  }

  /// Fields of sudo's lines beside those that are kept (sudo's lib/eventlog/eventlog.c).
  private static func isField(_ part: ByteView) -> Bool {
    ["HOST=", "CHROOT=", "GROUP=", "TSID=", "ENV=", "TTY=", "PWD="].contains { (name: StaticString) in
      part.hasPrefix(name)
    }
  }

  /// Two searches for one rare byte, for a search of a short text for a shorter one costs several times as much.
  private static func placeOfCommand(_ text: ByteView) -> Int? {
    var from = 0
    while let place = text.firstIndex(of: UInt8(ascii: "C"), from: from) {
      if text.slice(place).hasPrefix("COMMAND=") { return place }
      from = place + 1
    }
    return nil
  }

  /// Where the next ` ; ` is, or the end.
  private static func endOfPart(_ text: ByteView, from start: Int) -> Int {
    var from = start + 1
    while let place = text.firstIndex(of: UInt8(ascii: ";"), from: from) {
      if text[place - 1] == 0x20, text[place + 1] == 0x20 { return place - 1 }
      from = place + 1
    }
    return text.count
  }

  // (to root) ops on pts/0 — Successful su for root by ops — FAILED SU (to root) ops on pts/0 — + /dev/pts/0 ops:root
  static func readSu(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    let words = body.words(limit: 8)
    if let to = words.firstIndex(where: { $0 == "(to" }), to + 2 < words.count {
      draft.add("action", body.hasPrefix("FAILED") || body[0] == 0x2D ? "su_refused" : "su")
      draft.add("target_user", new: words[to + 1].dropLast(1))
      AuthMessage.addUser(words[to + 2], &draft, &cache)
      if to + 4 < words.count { draft.add("tty", new: words[to + 4]) }
    } else if words.count >= 6, words[1] == "su", words[2] == "for" {
      draft.add("action", words[0] == "Successful" ? "su" : "su_refused")
      draft.add("target_user", new: words[3])
      AuthMessage.addUser(words[5], &draft, &cache)
    } else if words.count == 3, words[0] == "+" || words[0] == "-", let (user, target) = words[2].cut(0x3A) {
      draft.add("action", words[0] == "+" ? "su" : "su_refused")
      draft.add("target_user", new: target)
      AuthMessage.addUser(user, &draft, &cache)
      draft.add("tty", new: words[1])
    }
  }
}
