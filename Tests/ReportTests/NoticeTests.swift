import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Report

@Suite("Messages to channels")
struct NoticeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let id = "22457e46-f96c-5726-84c8-5dceb26c2079"

  private func notice(_ text: String, findings: Int = 3, wanted: [String] = []) throws -> Notice {
    var incident = JSONWriter()
    incident.object { json in
      json.field("title", text)
      json.field("severity", "critical")
      json.field("verdict", [text, text, text])
      json.field("host", object: { $0.field("instance", text) })
      json.field("attackers", ["203.0.113.66"])
      json.field("counts", object: { $0.field("findings", object: { $0.field("critical", 2) }) })
    }
    _ = try folder.write("incident.json", incident.bytes)
    var lines = JSONWriter()
    for number in 0..<findings {
      lines.object { json in
        json.field("id", number == 0 ? Self.id : "\(number)2345678-0000-5000-8000-000000000000")
        json.field("severity", "high")
        json.field("title", text)
        json.field("message", text)
        json.field("first_seen", "2026-11-25T05:22:33Z")
        json.field("attack", ["T1190"])
      }
      lines.newline()
    }
    _ = try folder.write("findings.jsonl", lines.bytes)
    return try Notice(report: folder.path, findings: wanted, place: "https://reports.example/1")
  }

  private func object(_ format: NoticeFormat, _ notice: Notice) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(format.json(notice))) as? [String: Any])
  }

  /// Every string of a JSON value.
  private func strings(_ value: Any) -> [String] {
    switch value {
    case let text as String: [text]
    case let list as [Any]: list.flatMap(strings)
    case let object as [String: Any]: object.values.flatMap(strings)
    default: []
    }
  }

  @Test("A message has the verdict, the facts, the findings and the place", arguments: NoticeFormat.allCases)
  func content(format: NoticeFormat) throws {
    let all = try strings(object(format, notice("Plain text"))).joined(separator: "\n")
    for part in ["Plain text", "203.0.113.66", "2 critical", "T1190", "22457e46", "reports.example"] {
      #expect(all.contains(part), "\(part)")
    }
  }

  @Test("Discord's limits hold for the longest texts, and nobody is called")
  func discord() throws {
    let long = String(repeating: "@everyone ${jndi:ldap://x} 🙂 `", count: 4000)
    let message = try object(.discord, notice(long, findings: 9))
    let embed = try #require((message["embeds"] as? [[String: Any]])?.first)
    let fields = try #require(embed["fields"] as? [[String: Any]])
    #expect((embed["title"] as? String)?.utf16.count ?? 999 <= 256)
    #expect((embed["description"] as? String)?.utf16.count ?? 9999 <= 4096)
    #expect(fields.count <= 25)
    for field in fields {
      #expect((1...256).contains((field["name"] as? String)?.utf16.count ?? 0))
      #expect((1...1024).contains((field["value"] as? String)?.utf16.count ?? 0))
    }
    let whole = strings(embed).reduce(0) { $0 + $1.utf16.count }
    #expect(whole <= 6000)
    #expect((message["allowed_mentions"] as? [String: [String]])?["parse"] == [])
    #expect(!strings(fields).contains { $0.contains("://") })
  }

  @Test("Slack's limits hold, and marks of evidence are text")
  func slack() throws {
    let long = String(repeating: "<!channel> <https://x|y> & *bold* ", count: 4000)
    let message = try object(.slack, notice(long, findings: 9))
    let blocks = try #require(message["blocks"] as? [[String: Any]])
    #expect(blocks.count <= 50)
    for block in blocks {
      if let text = block["text"] as? [String: Any] {
        let limit = block["type"] as? String == "header" ? 150 : 3000
        #expect((1...limit).contains((text["text"] as? String)?.utf16.count ?? 0))
      }
      for field in block["fields"] as? [[String: Any]] ?? [] {
        #expect((1...2000).contains((field["text"] as? String)?.utf16.count ?? 0))
      }
    }
    let marked = blocks.flatMap { block -> [String] in
      let parts = [block["text"] as? [String: Any]] + (block["fields"] as? [[String: Any]] ?? [])
      return parts.compactMap { $0 }.filter { $0["type"] as? String == "mrkdwn" }.compactMap { $0["text"] as? String }
    }
    #expect(!marked.isEmpty && !marked.contains { $0.contains("<") || $0.contains("*bold*") })
  }

  @Test("Secrets are masked and control characters gone", arguments: NoticeFormat.allCases)
  func clean(format: NoticeFormat) throws {
    let secret = "aws_secret_access_key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY99"
    let text = "a\u{1B}[31mred\u{0}\u{9B}x\u{202E}y\n\(secret)"
    let notice = try notice(text)
    let bytes = format.json(notice)
    #expect(!bytes.contains { $0 < 0x20 || $0 == 0x7F })
    let all = try strings(object(format, notice))
    #expect(!all.contains { $0.contains("wJalrXUtnFEMI") })
    #expect(
      all.allSatisfy { text in
        text.unicodeScalars.allSatisfy {
          ($0.value >= 0x20 || $0 == "\n") && !(0x7F..<0xA0).contains($0.value) && $0.value != 0x202E
        }
      })
    #expect(all.contains { $0.contains("masked") })
  }

  @Test("A finding is told by the beginning of its id; an unknown one is an error that says so")
  func chosen() throws {
    #expect(try notice("x", wanted: ["22457E46"]).items.map(\.id) == [Self.id])
    #expect(throws: BytesError.self) { try notice("x", wanted: ["ffffffff"]) }
    #expect(throws: BytesError.self) { try notice("x", wanted: [""]) }
    #expect(try notice("x", findings: 0).items.isEmpty)
  }

  @Test("The form is told by the host, and only by the host itself")
  func format() {
    #expect(NoticeFormat(host: "discord.com") == .discord && NoticeFormat(host: "hooks.slack.com") == .slack)
    #expect(NoticeFormat(host: "canary.DISCORD.com") == .discord)
    #expect(NoticeFormat(host: "discord.com.evil.example") == nil && NoticeFormat(host: "notslack.com") == nil)
  }
}
