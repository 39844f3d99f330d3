import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Logs in which everything is wrong that can be, through the whole program: events of what is good, coverage of the rest, in
/// bounded memory.
struct HostileLogTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// KiB of private memory that each process may have: less than the unpacked evidence.
  private static let memory = 300_000
  private static let longLine = 100 << 20

  private func waf(_ uri: String, timestamp: String = "1795584053000", _ more: String = "") -> String {
    #"{"timestamp":\#(timestamp),"webaclId":"acl","action":"ALLOW",\#(more)"httpRequest":{"clientIp":"203.0.113.9","uri":"\#(uri)","httpMethod":"GET","headers":[{"name":"User-Agent","value":"curl\n{\"timestamp\":1,\"webaclId\":\"forged\",\"httpRequest\":{\"uri\":\"/forged\"}}\n"}]}}"#
  }

  private func ssh(_ pid: String, _ time: String = "2026-11-25T05:20:48+00:00") -> String {
    "\(time) web-1 sshd[\(pid)]: Failed password for ops from 203.0.113.9 port 4000 ssh2"
  }

  private func run() throws -> (status: Int32, events: [String], incident: String) {
    let result = try runProgram(
      "/bin/sh",
      [
        "-c", "ulimit -d \(Self.memory); exec \"$0\" \"$@\"", irAnalyze, "run", folder.path + "/in", "-o",
        folder.path + "/out", "--store", folder.path + "/store", "--case", "hostile", "--workers", "1",
      ])
    // Results are read as they are kept: unpacking them for reading would write them a second time.
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/store/cache"))
    return (result.status, try events(), read("out/incident.json"))
  }

  private func read(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: folder.path + "/" + name) ?? Data(), as: UTF8.self)
  }

  /// Every event that a log gave, as it stands in its result: the timeline leaves out those without a time.
  private func events() throws -> [String] {
    let objects = try ArtifactStore(directory: folder.path + "/store").objects
    return try read("store/runs/hostile.jsonl").split(separator: "\n").flatMap { unit -> [String] in
      try String(unit).withView { line in
        let unit = JSONView(line)
        guard unit["analyzer"]?.string == "log", let result = unit["result"]?.string.flatMap(Digest.init(hex:)) else {
          return []
        }
        let lines = try ObjectLines(of: result, in: objects)
        var events: [String] = []
        while let line = try lines.next() {
          if line.hasPrefix("{\"event\"") { events.append(line.string) }
        }
        return events
      }
    }
  }

  /// Packs a file, and cuts so many bytes off the end.
  private func pack(_ name: String, _ bytes: [UInt8], cutting cut: Int = 0) throws {
    let plain = try folder.write("plain", bytes)
    try folder.write("in/\(name)", "")
    let packed = try runProgram(
      "/bin/sh", ["-c", "gzip -1 -c '\(plain)' | head -c -\(cut) > '\(folder.path)/in/\(name)'"])
    #expect(packed.status == 0)
  }

  @Test func aHostileWAFLog() throws {
    var bytes: [UInt8] = [0xEF, 0xBB, 0xBF]
    bytes += (waf("/first") + "\r\n" + waf("/second") + "\n\0\0\r\n").utf8
    bytes += (waf("/beyond", timestamp: "99999999999999999999") + "\n").utf8
    bytes += (waf("/epoch", timestamp: "0") + waf("/late", timestamp: "253402300799000") + "\r\n").utf8
    bytes += (waf("/twice", "\"action\":\"BLOCK\",\"timestamp\":\"x\",") + "\n").utf8
    bytes += Array(#"{"timestamp":1795584053000,"webaclId":"acl","httpRequest":{"uri":"/"#.utf8)
    bytes += [UInt8](repeating: 0x61, count: Self.longLine)
    bytes += ("\"}}\n" + waf("/behind") + "\n" + waf("/cut").dropLast(9)).utf8
    try pack("waf/day.json.gz", bytes)
    let (status, events, incident) = try run()
    #expect(status == 2)
    for uri in ["/first", "/second", "/beyond", "/epoch", "/late", "/twice", "/behind"] {
      #expect(events.contains { $0.contains("\"uri\":\"\(uri)\"") }, "\(uri) is lost")
    }
    #expect(!events.contains { $0.contains("\"uri\":\"/forged\"") || $0.contains("\"uri\":\"/cut\"") })
    #expect(incident.contains("a record longer than") && incident.contains("cut off at the end"))
  }

  @Test func aHostileSyslog() throws {
    var bytes: [UInt8] = [0xEF, 0xBB, 0xBF]
    bytes += (ssh("11") + "\r\n" + ssh("12") + "\n\0\0\r\n" + ssh("13\0") + "\n").utf8
    bytes += (ssh("99999999999999999999") + "\n" + ssh("14", "1970-01-01T00:00:01+00:00") + "\n").utf8
    bytes += (ssh("15", "9999-12-31T23:59:59+00:00") + "\r\n" + ssh("16") + "\r\u{1B}[2K" + ssh("17") + "\n").utf8
    bytes += Array((ssh("18") + " ").utf8) + [UInt8](repeating: 0x61, count: Self.longLine)
    bytes += ("\n" + ssh("19") + "\n" + ssh("20").dropLast(50)).utf8
    try pack("var/log/auth.log.gz", bytes)
    let (status, events, incident) = try run()
    #expect(status == 2)
    for pid in ["11", "12", "14", "15", "16", "18", "19", "20"] {
      #expect(events.contains { $0.contains("\"pid\":\(pid),") }, "\(pid) is lost")
    }
    // What stands behind a carriage return is text of the line, not a line.
    #expect(!events.contains { $0.contains("\"pid\":17,") })
    #expect(incident.contains("rest of a line longer than"))
  }

  @Test func cutPacksGiveWhatTheyHold() throws {
    var noise = Array(repeating: UInt64(7), count: 4000)
    for index in noise.indices.dropFirst() { noise[index] = noise[index - 1] &* 6_364_136_223_846_793_005 &+ 1 }
    try pack("waf/day.json.gz", Array(noise.map { waf("/\($0)") + "\n" }.joined().utf8), cutting: 9000)
    try pack("var/log/auth.log.gz", Array(noise.map { ssh("\($0 >> 40)") + "\n" }.joined().utf8), cutting: 9000)
    let (status, events, incident) = try run()
    #expect(status == 2)
    for number in noise.prefix(1000) {
      #expect(events.contains { $0.contains("\"uri\":\"/\(number)\"") })
      #expect(events.contains { $0.contains("\"pid\":\(number >> 40),") })
    }
    #expect(incident.contains("truncated"))
  }
}
