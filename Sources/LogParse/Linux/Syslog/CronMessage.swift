import Bytes
import Evidence

/// What cron and crontab log: `(USER) ACTION (DETAIL)`.
enum CronMessage {
  // (tomcat) CMD (/usr/bin/job >/dev/null 2>&1)
  // (root) REPLACE (tomcat)
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard body[0] == 0x28, let close = body.firstIndex(of: 0x29) else {
      if body.hasPrefix("pam_") { AuthMessage.readPAM(body, into: &draft, &cache) }
      return
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
    if action == "CMD" || action == "CMDEND" || action == "CMDOUT" {
      // Some crons put the child's pid in front: `(1234) CMD` or `[1234] command`.
      draft.add("command", new: detail)
    } else if !detail.isEmpty {
      draft.add("detail", new: detail)
    }
  }

  private static func action(_ text: ByteView) -> String {
    switch text {
    case _ where text == "CMD": "cron_job_started"
    case _ where text == "CMDEND": "cron_job_ended"
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
