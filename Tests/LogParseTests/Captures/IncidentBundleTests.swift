import Evidence
import Foundation
import Testing

@testable import LogParse

/// The sample incident's captures and disk files against what really ran there.
struct IncidentBundle {
  static let incident: URL? = {
    let shared =
      ProcessInfo.processInfo.environment["IR_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? GoldenFixtures.root.deletingLastPathComponent().appendingPathComponent("shared")
    let folder = shared.appendingPathComponent("evidence/log4shell-tomcat")
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent("truth.json").path) ? folder : nil
  }()

  static var isThere: Bool { incident != nil }

  static func captures() throws -> URL {
    let bundle = try #require(incident).appendingPathComponent("bundle")
    let found = FileManager.default.enumerator(atPath: bundle.path)?.compactMap { $0 as? String } ?? []
    return bundle.appendingPathComponent(try #require(found.first { $0.hasSuffix("/command") }))
  }

  static func read(_ name: String) throws -> EventDump {
    let file = try captures().appendingPathComponent(name)
    return try EventDump([UInt8](try Data(contentsOf: file)), path: "command/\(name)")
  }

  /// `truth.json`, for lists that are compared as a whole.
  static func truth() throws -> [String: Any] {
    let data = try Data(contentsOf: try #require(incident).appendingPathComponent("truth.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }
}

@Suite(.enabled(if: IncidentBundle.isThere, "the sample incident is not beside the package"))
struct IncidentBundleTests {
  @Test func netstatShowsTheReverseShell() throws {
    let dump = try IncidentBundle.read("netstat_output.txt")
    let shell = try #require(dump.events.first { $0.integer("pid") == 465 && $0.text("protocol") == "tcp" })
    #expect(shell.message == "bash (pid 465) has tcp 10.0.2.15:51270 -> 203.0.113.66:4444 ESTABLISHED.")
    #expect(shell.entities.contains(Entity(.socket, "10.0.2.15:51270->203.0.113.66:4444/tcp")))
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    let sockets = dump.events.filter { $0.text("protocol") == "tcp" && $0.text("state") == "ESTABLISHED" }
    #expect(sockets.count == 10)
  }

  @Test func psListsTheProcessesOfTheTruth() throws {
    let truth = try #require(try IncidentBundle.truth()["processes"] as? [[String: Any]])
    let known = Set(truth.compactMap { ($0["pid"] as? NSNumber)?.int64Value })
    #expect(known.count == 85)
    for name in ["ps_output.txt", "ps_aux_output.txt"] {
      let dump = try IncidentBundle.read(name)
      let shown = Set(dump.events.compactMap { $0.integer("pid") })
      // The truth was read some seconds before: kernel workers come and go.
      #expect(shown.intersection(known).count >= 75, "\(name)")
      #expect(dump.coverages.allSatisfy { $0.state == .parsed })
      let shell = try #require(dump.events.first { $0.integer("pid") == 465 })
      #expect(shell.text("command_line") == "bash -i" && shell.text("user") == "tomcat")
      #expect(shell.time?.description == "2026-11-25T05:22:00Z" && shell.time?.precision == .minute)
    }
  }

  @Test func lsofShowsTheShellsStreamsOnTheSocket() throws {
    let dump = try IncidentBundle.read("lsof_output.txt")
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    let streams = dump.events.filter {
      $0.integer("pid") == 465 && $0.integer("remote_port") == 4444 && $0.text("remote_address") == "203.0.113.66"
    }
    #expect(streams.compactMap { $0.integer("fd_number") } == [0, 1, 2, 255])
    #expect(streams.allSatisfy { $0.text("local_address") == "10.0.2.15" && $0.integer("inode") == 13425 })
    let database = try #require(dump.events.first { $0.text("remote_address") == "10.0.3.30" })
    #expect(database.integer("remote_port") == 3306)
  }

  @Test func everyCaptureIsReadToItsEnd() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: try IncidentBundle.captures().path).sorted()
    #expect(names.count == 18)
    for name in names {
      let dump = try IncidentBundle.read(name)
      #expect(dump.format != nil, "\(name) is not recognized")
      #expect(!dump.events.isEmpty, "\(name) gives no events")
      #expect(dump.coverages.allSatisfy { $0.state == .parsed }, "\(name) is not read whole")
    }
  }

  @Test func historyIsWhatWasTyped() throws {
    let truth = try #require(try IncidentBundle.truth()["disk_histories"] as? [String: [[String: Any]]])
    let typed = try #require(truth["/home/admin/.bash_history"])
    let dump = try IncidentBundle.read("history_output.txt")
    #expect(dump.events.compactMap { $0.text("command") } == typed.compactMap { $0["text"] as? String })
    let times = typed.compactMap { ($0["t"] as? NSNumber)?.int64Value }
    #expect(dump.events.compactMap { $0.time.map { $0.nanoseconds / 1_000_000_000 } } == times)
  }
}
