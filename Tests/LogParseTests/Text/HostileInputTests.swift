import Bytes
import Evidence
import Foundation
import Testing

@testable import LogParse

/// Whatever the bytes: no format may trap, and the one that reads them accounts for every byte once.
@Suite struct HostileInputTests {
  static let formats = LogFormats.linux + LogFormats.captures

  static let fixtures: [(path: String, bytes: [UInt8])] = ["captures", "linux"].flatMap { group in
    GoldenFixtures.inputs(group).compactMap { path in
      let file = GoldenFixtures.root.appendingPathComponent("fixtures/logparse/\(group)/in/\(path)")
      return (try? Data(contentsOf: file)).map { (path, [UInt8]($0)) }
    }
  }

  /// Ranges that lie end to end from 0 to the number of bytes.
  static func isWhole(_ dump: EventDump, _ count: Int) -> Bool {
    var end: UInt64 = 0
    for coverage in dump.coverages where coverage.byteCount > 0 {
      if coverage.start != end { return false }
      end = coverage.end
    }
    return end == UInt64(count)
  }

  @Test func everyByteOfEveryFixtureIsAccountedFor() throws {
    #expect(Self.fixtures.count > 60)
    for (path, bytes) in Self.fixtures {
      let dump = try EventDump(bytes, path: path)
      #expect(dump.format != nil, "\(path) is not recognized")
      #expect(Self.isWhole(dump, bytes.count), "\(path) has holes in its coverage")
      for event in dump.events {
        let end = (event.locator.offset ?? 0) + (event.locator.length ?? 0)
        #expect(end <= UInt64(bytes.count), "\(path): \(event.locator.text) lies outside")
      }
    }
  }

  @Test func everyFormatReadsEveryFixtureCutAndDamaged() throws {
    var runs = 0
    for (path, bytes) in Self.fixtures {
      var random = Splitmix(seed: UInt64(bytes.count) &+ 77)
      for part in 0..<3 {
        var damaged = Array(bytes.prefix(bytes.count * (part + 1) / 3))
        for _ in 0..<damaged.count / 12 where !damaged.isEmpty {
          let place = Int(random.next() % UInt64(damaged.count))
          damaged[place] = Self.odd[Int(random.next() % UInt64(Self.odd.count))]
        }
        _ = EventDump.recognize(damaged, path: path)
        for format in Self.formats {
          let dump = try EventDump(damaged, path: path, format: format)
          #expect(Self.isWhole(dump, damaged.count), "\(format.name) leaves holes in damaged \(path)")
          runs += 1
        }
      }
    }
    #expect(runs > 1000)
  }

  /// Bytes that parsers trip over.
  static let odd: [UInt8] = [
    0, 0x0A, 0x20, 0x09, 0x22, 0x27, 0x28, 0x29, 0x2D, 0x2F, 0x3A, 0x3D, 0x5B, 0x5C, 0x5D, 0x7C, 0x80, 0xFF, 0x39,
  ]

  @Test(arguments: [
    "", "\n", "\n\n\n", "\0", "\0\0\0\0", " ", ":", "[", "]", "]\n[", "\"", "\\", "(", ")", "| | | | | | | | | | |",
    "99999999999999999999999999 99999999999999999999999999", "-9223372036854775808 -9223372036854775808 -1 -1 -1 -1 x",
    "type=SYSCALL msg=audit(9223372036854775807.999:9223372036854775807): a0=\"", "#9223372036854775807\nls\n",
    ": 9:9;\\",
    "Feb 29 00:00:00 h a[9223372036854775807]: (", "root:x:9223372036854775807:-9223372036854775808::/:/\n",
    "PID CMD\n99999999999999999999 x\n1\n\n 2 ", "PID STIME CMD\n1 99:99 x\n1 Feb30 x\n1 Nov0 x\n1 :: x\n",
    "COMMAND PID USER FD NAME\n\n \na 1", "COMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n]\n",
    "Proto RefCnt Flags Type State I-Node PID/Program name Path\nunix ]\nunix  2 [ ] STREAM\n",
    "__CURSOR=\nMESSAGE\n\u{FF}\u{FF}", "0|a|1|r|1|1|1|-1|-1|9223372036854775807|1.",
    "1.2.3.4 - - [99/Foo/9999:99:99:99 +9999] \"",
    "Start-Date: \nEnd-Date: \n", "@reboot \n* * * * *\n", "%\\\n\\\n\\\n", "[Unit]\n=\nExecStart=\\",
    "- cmd: \\\n  when: x\n",
    "_HiStOrY_V2_\n\\", "== /\n 1 \n", "USER TTY IDLE WHAT\na\n", "wtmp begins \n Wed Nov",
    "Username Port Latest\nWed Wed Nov 1 1:1 1\n",
    "Filesystem Mounted on\n / \n on  type ()\n", "p\nf\n", "Netid State Recv-Q Send-Q Address:Port\nusers:((\"\n",
  ])
  func oddTexts(_ text: String) throws {
    let bytes = Array(text.utf8)
    for format in Self.formats {
      for collected in [nil, EventDump.collected, Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .max)] {
        let dump = try EventDump(
          bytes, path: "proc/1/cmdline", format: format, zone: .inferred(.max), collected: collected)
        #expect(Self.isWhole(dump, bytes.count), "\(format.name) leaves holes")
      }
    }
  }

  @Test func randomBytesAreRead() throws {
    var random = Splitmix(seed: 5)
    for size in [1, 383, 384, 400, 5000] {
      let bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      for format in Self.formats {
        #expect(Self.isWhole(try EventDump(bytes, path: "x", format: format), size), "\(format.name)")
      }
    }
  }

  @Test func alternatingLinesDoNotFloodTheCoverage() throws {
    let text =
      String(repeating: "1 0 root:x\n", count: 1) + String(repeating: "ops:x:1:1::/:/bin/sh\nnothing\n", count: 5000)
    let dump = try EventDump(text, path: "etc/passwd", format: PasswdFormat())
    #expect(dump.events.count == 5000)
    #expect(dump.coverages.count <= CoverageLedger.limit + 1)
    #expect(Self.isWhole(dump, text.utf8.count))
    #expect(dump.coverages.last?.state == .scanned)
  }

  @Test func aLineThatIsTooLongIsCutAndSaid() throws {
    let text = "ops:x:1:1:" + String(repeating: "a", count: 3 << 20) + ":/:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"
    let dump = try EventDump(text, path: "etc/passwd", format: PasswdFormat())
    #expect(dump.events.map { $0.text("user") } == ["root"])
    #expect(Self.isWhole(dump, text.utf8.count))
  }
}

/// A small generator with a fixed seed, so that every run tests the same.
struct Splitmix {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
