import Bytes
import Evidence

/// A notice in the form that a service takes.
public enum NoticeFormat: String, Sendable, CaseIterable {
  case discord, slack

  /// By the webhook's host; nil for another.
  public init?(host: String) {
    let host = host.lowercased()
    func isOf(_ domain: String) -> Bool { host == domain || host.hasSuffix("." + domain) }
    if isOf("discord.com") || isOf("discordapp.com") {
      self = .discord
    } else if isOf("slack.com") || isOf("slack-gov.com") {
      self = .slack
    } else {
      return nil
    }
  }

  /// The message as JSON. No text of evidence can call people, make a link or end a code span.
  public func json(_ notice: Notice) -> [UInt8] {
    switch self {
    case .discord: DiscordMessage.json(notice)
    case .slack: SlackMessage.json(notice)
    }
  }
}

/// Texts cut to a service's limits, which count UTF-16 units.
enum NoticeText {
  static func cut(_ text: String, _ limit: Int) -> String {
    guard text.utf16.count > limit else { return text }
    var out = ""
    var count = 0
    for character in text {
      count += character.utf16.count
      if count > limit - 1 { break }
      out.append(character)
    }
    return out + "…"
  }

  /// Empty fields are refused.
  static func filled(_ text: String) -> String { text.isEmpty ? "-" : text }

  static let colors: [Severity: Int] = [
    .critical: 0xB3261E, .high: 0xD9480F, .medium: 0xB7791F, .low: 0x2B6CB0, .informational: 0x5F6B7A,
  ]
}

/// Discord's "Execute Webhook": one embed of at most 6,000 units, title 256, description 4,096, 25 fields of 256 and 1,024,
/// footer 2,048.
enum DiscordMessage {
  static func json(_ notice: Notice) -> [UInt8] {
    // All parts together must stay below 6,000; the description takes what the others leave.
    var room = 5900
    func take(_ text: String, _ limit: Int) -> String {
      let cut = NoticeText.cut(text, max(min(limit, room), 1))
      room -= cut.utf16.count
      return cut
    }
    let title = take(
      NoticeText.filled("\(notice.severity?.rawValue.uppercased() ?? "NO FINDINGS"): \(notice.title)"), 256)
    let footer = take("Report: \(notice.place)", 512)
    let verdict = take(notice.verdict.map(escape).joined(separator: "\n"), 1800)
    var fields: [(String, String, Bool)] = notice.facts.prefix(10).map { fact in
      (take(fact.name, 256), take(NoticeText.filled(escape(fact.value)), 256), true)
    }
    for item in notice.items.prefix(Notice.maximumItems) {
      let text = "\(escape(NoticeText.cut(item.message, 240)))\n\(escape(item.line))"
      fields.append(
        (take("\(item.severity.rawValue): \(escape(NoticeText.cut(item.title, 90)))", 200), take(text, 500), false))
    }
    if notice.more > 0 { fields.append(("And more", "\(notice.more) other findings", false)) }
    var json = JSONWriter()
    json.object { json in
      json.field("username", "ir-analyze")
      // Nothing that evidence says may call anybody.
      json.field("allowed_mentions", object: { $0.field("parse", [String]()) })
      json.field(
        "embeds",
        array: { json in
          json.object { json in
            json.field("title", title)
            json.field("description", NoticeText.filled(verdict))
            json.field("color", notice.severity.flatMap { NoticeText.colors[$0] } ?? 0x2F855A)
            json.field(
              "fields",
              array: { json in
                for (name, value, isInline) in fields.prefix(25) {
                  json.object { json in
                    json.field("name", NoticeText.filled(name))
                    json.field("value", NoticeText.filled(value))
                    json.field("inline", isInline)
                  }
                }
              })
            json.field("footer", object: { $0.field("text", footer) })
          }
        })
    }
    return json.bytes
  }

  /// Characters of Discord's Markdown, and the at sign of mentions; `://` would become a link to the attacker.
  private static func escape(_ text: String) -> String {
    var out = ""
    for character in text {
      if "\\*_~`|>#[]()<@".contains(character) { out.append("\\") }
      out.append(character)
    }
    return out.replacing("://", with: ":\u{2044}\u{2044}")
  }
}

/// Slack's incoming webhook with blocks: header 150, section text 3,000, ten fields of 2,000, context elements.
enum SlackMessage {
  static func json(_ notice: Notice) -> [UInt8] {
    let head = "\(notice.severity?.rawValue.uppercased() ?? "NO FINDINGS"): \(notice.title)"
    var json = JSONWriter()
    json.object { json in
      json.field("text", NoticeText.cut(escape(head), 2000))
      json.field("unfurl_links", false)
      json.field("unfurl_media", false)
      json.field(
        "blocks",
        array: { json in
          json.object { json in
            json.field("type", "header")
            json.field("text", object: { plain(NoticeText.cut(head, 150), to: &$0) })
          }
          if !notice.verdict.isEmpty { section(notice.verdict.map(escape).joined(separator: "\n"), to: &json) }
          if !notice.facts.isEmpty {
            json.object { json in
              json.field("type", "section")
              json.field(
                "fields",
                array: { json in
                  for fact in notice.facts.prefix(10) {
                    json.object {
                      markdown("*\(escape(fact.name))*\n\(escape(NoticeText.cut(fact.value, 1500)))", 2000, to: &$0)
                    }
                  }
                })
            }
          }
          for item in notice.items.prefix(Notice.maximumItems) {
            section(
              "*\(item.severity.rawValue): \(escape(item.title))*\n\(escape(NoticeText.cut(item.message, 1200)))\n"
                + escape(item.line), to: &json)
          }
          json.object { json in
            json.field("type", "context")
            let more = notice.more > 0 ? " · \(notice.more) other findings" : ""
            json.field(
              "elements",
              array: { json in json.object { plain(NoticeText.cut("Report: \(notice.place)\(more)", 1900), to: &$0) } })
          }
        })
    }
    return json.bytes
  }

  private static func section(_ text: String, to json: inout JSONWriter) {
    json.object { json in
      json.field("type", "section")
      json.field("text", object: { markdown(text, 3000, to: &$0) })
    }
  }

  private static func markdown(_ text: String, _ limit: Int, to json: inout JSONWriter) {
    json.field("type", "mrkdwn")
    json.field("text", NoticeText.filled(NoticeText.cut(text, limit)))
    // Otherwise addresses become links, and names of channels and people calls.
    json.field("verbatim", true)
  }

  private static func plain(_ text: String, to json: inout JSONWriter) {
    json.field("type", "plain_text")
    json.field("text", NoticeText.filled(text))
    json.field("emoji", false)
  }

  /// Slack's three; the marks of its Markdown get a zero-width space, since it knows no escape for them.
  private static func escape(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "*", "_", "~", "`": out += "\u{200B}\(character)"
      default: out.append(character)
      }
    }
    return out
  }
}
