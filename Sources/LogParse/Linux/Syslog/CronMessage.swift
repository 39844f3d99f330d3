import Bytes
import Evidence

/// What cron and crontab log: `(USER) ACTION (DETAIL)`.
enum CronMessage {
  // (tomcat) CMD (/usr/bin/job >/dev/null 2>&1)
  // (root) REPLACE (tomcat)
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard body[0] == 0x28, let close = body.firstIndex(of: 0x29) else {
      if body.hasPrefix("pam_") { return AuthMessage.readPAM(body, into: &draft, &cache) }
      return readWithoutUser(body, into: &draft, &cache)
    }
    let user = body.slice(1, close)
    let rest = body.slice(close + 1).trimmed
    let open = rest.firstIndex(of: 0x28) ?? rest.count
    let action = rest.slice(0, open).trimmed
    var detail = rest.slice(open + 1)
    if detail[detail.count - 1] == 0x29 { detail = detail.dropLast(1) }
    guard !action.isEmpty else { return }
    draft.put("action", Self.action(action))
    if !(user == "CRON"), !(user == "*system*") {
      draft.add("user", new: user)
      draft.put(.user, user.string)
    }
    if action == "CMD" || action == "CMDEND" || action == "END" || action == "CMDOUT" {
      // Some crons put the child's pid in front: `(1234) CMD` or `[1234] command`.
      draft.add("command", new: withoutPid(detail))
    } else if !detail.isEmpty {
      draft.add("detail", new: detail)
    }
  }

  /// `[1234] /usr/bin/job`, as Debian's cron writes it where it is told to log the ends of jobs too.
  private static func withoutPid(_ command: ByteView) -> ByteView {
    guard command[0] == 0x5B, let close = command.slice(0, 16).firstIndex(of: 0x5D), command[close + 1] == 0x20,
      CivilTime.number(command.slice(1, close)) != nil
    else { return command }
    return command.slice(close + 2)
  }

  // USER root pid  99 cmd run-parts /etc/periodic/15min (busybox)
  // FILE /var/spool/cron/crontabs/root USER root PID 99 run-parts /etc/periodic/15min (dcron)
  // Starting job 5 (a00005018b0d6c) for user 'ops' (1000) (atd)
  private static func readWithoutUser(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    let words = body.words(limit: 8)
    if body.hasPrefix("USER "), words.count >= 6, words[2] == "pid", words[4] == "cmd" {
      draft.put("action", "cron_job_started")
      AuthMessage.addUser(words[1], &draft, &cache)
      draft.add("command", new: body.slice(body.offset(of: words[5])))
    } else if body.hasPrefix("FILE "), words.count >= 7, words[2] == "USER", words[4] == "PID" {
      draft.put("action", "cron_job_started")
      AuthMessage.addUser(words[3], &draft, &cache)
      draft.add("command", new: body.slice(body.offset(of: words[6])))
    } else if body.hasPrefix("Starting job "), words.count >= 7, words[4] == "for", words[5] == "user",
      words[6][0] == 0x27, words[6].count > 2
    {
      draft.put("action", "at_job_started")
      AuthMessage.addUser(words[6].slice(1, words[6].count - 1), &draft, &cache)
    }
  }

  private static func action(_ text: ByteView) -> String {
    switch text {
    case _ where text == "CMD": "cron_job_started"
    case _ where text == "CMDEND" || text == "END": "cron_job_ended"
    case _ where text == "REPLACE": "crontab_replaced"
    case _ where text == "DELETE": "crontab_deleted"
    case _ where text == "LIST": "crontab_listed"
    case _ where text == "RELOAD": "crontab_loaded"
    case _ where text == "BEGIN EDIT": "crontab_edit_begun"
    case _ where text == "END EDIT": "crontab_edit_ended"
    default: text.string.lowercased()
    }
  }
}
