import ArtifactStore
import Bytes
@testable import Engine
import Evidence
import Foundation
import TestSupport
import Testing

/// Archives that lie, climb, multiply and end too early.
struct ExpandAnalyzerTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private struct Member: Hashable {
    var path: String
    var kind: String
    var text: String?
    var storedAs: String?
    var target: String?
  }

  private func expand(
    _ archive: [UInt8], _ limits: ExpandLimits = ExpandLimits()
  ) throws -> (members: [Member], coverage: [Coverage]) {
    let artifact = try store.objects.put(archive).digest
    let unit = Unit(artifact: artifact, analyzer: "expand", version: "", options: ["as": "archive", "path": "a"])
    let result = try ResultFile(store)
    var analyzer = ExpandAnalyzer()
    analyzer.limits = limits
    try analyzer.run(unit, Surroundings(store: store, rules: RuleLibrary(directory: "")), into: result)
    let stored = try result.finish()
    var members: [Member] = []
    var coverage: [Coverage] = []
    try CaseResults.forEachLine(of: stored.digest, in: store) { line in
      switch line {
      case .coverage(let one): coverage.append(one)
      case .other("member", let json):
        let text = try json["digest"]?.string.flatMap(Digest.init(hex:)).map {
          try store.objects.open($0).withView { $0.slice(0, 64).string }
        }
        members.append(
          Member(
            path: json["path"]?.string ?? "", kind: json["kind"]?.string ?? "", text: text,
            storedAs: json["stored_as"]?.string, target: json["target"]?.string))
      default: break
      }
    }
    return (members, coverage)
  }

  private func reasons(_ coverage: [Coverage]) -> [String] {
    coverage.filter { $0.state == .skipped }.map { $0.reason ?? "" }
  }

  /// Everything in the folder of the test is the store: nothing was made by a path of an archive.
  private func nothingElseWasMade() throws -> Bool {
    try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store"]
      && FileManager.default.contentsOfDirectory(atPath: store.directory + "/tmp").isEmpty
  }

  @Test func pathsThatLeadOutAreOnlyNames() throws {
    let archive = ArchiveBytes.tar([
      .init("../../../../etc/cron.d/evil", "a"), .init("/etc/shadow", "b"), .init("a/../../b", "c"),
      .init("..", type: "5"), .init("", "d"), .init(String(repeating: "x/", count: 50), "e"),
    ])
    let (members, coverage) = try expand(archive)
    #expect(members.map(\.path).prefix(3) == ["../../../../etc/cron.d/evil", "/etc/shadow", "a/../../b"])
    #expect(members.prefix(3).map(\.text) == ["a", "b", "c"])
    #expect(coverage.contains { $0.state == .parsed && $0.end == UInt64(archive.count) })
    #expect(try nothingElseWasMade())
  }

  @Test func linksAndDevicesAreToldAndNotFollowed() throws {
    let (members, coverage) = try expand(
      ArchiveBytes.tar([
        .init("link", type: "2", target: "/etc/passwd"), .init("hard", type: "1", target: "../../../etc/passwd"),
        .init("link", "written through the link?"), .init("tty", type: "3"), .init("pipe", type: "6"),
        .init("folder", type: "5"),
      ]))
    #expect(members.map(\.kind) == ["link", "hard-link", "file", "device", "device", "folder"])
    #expect(members[0].target == "/etc/passwd" && members[1].target == "../../../etc/passwd")
    #expect(members.filter { $0.text != nil }.map(\.text) == ["written through the link?"])
    #expect(reasons(coverage).isEmpty)
    #expect(try nothingElseWasMade())
  }

  @Test func membersOfOneNameAreAllKept() throws {
    let (members, _) = try expand(ArchiveBytes.tar([.init("log", "one"), .init("log", "two"), .init("log", "one")]))
    #expect(members.map(\.text) == ["one", "two", "one"])
    let zip = try expand(ArchiveBytes.zip([.init("log", "one"), .init("log", "two")]))
    #expect(zip.members.map(\.text) == ["one", "two"])
  }

  @Test func namesThatAreNotTextAreShownAndTheirBytesKept() throws {
    let names: [[UInt8]] = [
      [0xFF, 0xFE, 0x2F, 0x61], [0xC7, 0xD1, 0xB1, 0xDB], Array("한글".utf8), [0x1B, 0x5B, 0x33, 0x31, 0x6D],
    ]
    let (tar, _) = try expand(ArchiveBytes.tar(names.map { .init($0, Array("x".utf8)) }))
    #expect(tar.count == 4 && tar.allSatisfy { $0.text == "x" } && tar[2].path == "한글")
    #expect(tar[0].path.contains("\u{FFFD}") && tar[0].path.hasSuffix("/a"))
    let (zip, _) = try expand(ArchiveBytes.zip(names.map { .init($0, Array("x".utf8)) }))
    #expect(zip.count == 4 && zip.allSatisfy { $0.text == "x" } && zip[2].path == "한글")
  }

  @Test func aBombIsLeftAtItsRatio() throws {
    // 2 GiB of zeros behind 64 KiB.
    let inside = ArchiveBytes.header(.init("zeros"), count: 2 << 30)
    let bomb =
      ArchiveBytes.zstd(ArchiveBytes.tar([.init("first", "kept")]).dropLast(1024) + inside)
      + ArchiveBytes.zstdZeros(2 << 30)
    let (members, coverage) = try expand(bomb)
    #expect(members.map(\.path) == ["first", "zeros"] && members[0].text == "kept")
    #expect(reasons(coverage).contains { $0.contains("unpacks to more than 1073741824 bytes") })
    #expect(reasons(coverage).contains { $0.hasPrefix("the archive is not read to its end") })
    // What was taken is a hole.
    let taken = try #require(store.objects.list().compactMap(store.objects.byteCount).max())
    #expect(taken == (1 << 30) - 4)
  }

  @Test func aBombOfManyMembersIsLeftAtTheirNumber() throws {
    var limits = ExpandLimits()
    limits.members = 10
    let (members, coverage) = try expand(ArchiveBytes.tar((0..<50).map { .init("\($0)", "x") }), limits)
    #expect(members.count == 10)
    #expect(reasons(coverage).contains { $0.contains("holds more than 10 members") })
  }

  @Test func allMembersTogetherAreLimited() throws {
    var limits = ExpandLimits()
    limits.freeBytes = 1000
    limits.ratio = 0
    let member = [UInt8](repeating: 0x41, count: 400)
    let (members, coverage) = try expand(ArchiveBytes.tar((0..<5).map { .init("\($0)", member) }), limits)
    #expect(members.count == 3)
    #expect(reasons(coverage).contains { $0.contains("more than 1000 bytes") })
  }

  @Test func exactlyTheLimitIsNoBomb() throws {
    var limits = ExpandLimits()
    limits.freeBytes = 800
    limits.ratio = 0
    let member = [UInt8](repeating: 0x41, count: 400)
    let (members, coverage) = try expand(ArchiveBytes.tar([.init("a", member), .init("b", member)]), limits)
    #expect(members.count == 2 && reasons(coverage).isEmpty)
  }

  @Test(arguments: [600, 1100, 1536, 1700])
  func aCutTarIsReadAsFarAsItGoes(count: Int) throws {
    let whole = ArchiveBytes.tar([.init("one", "first"), .init("two", String(repeating: "b", count: 400))])
    let (members, coverage) = try expand(Array(whole.prefix(count)))
    #expect(members.first?.text == "first")
    if count > 600 { #expect(!reasons(coverage).isEmpty) }
    if count == 1700 {
      #expect(members.count == 2 && reasons(coverage).contains { $0.contains("two is read to byte") })
    }
  }

  @Test func aCutCompressedTarKeepsWhatItStillHolds() throws {
    let packed = ArchiveBytes.zstd(
      ArchiveBytes.tar([.init("one", "first"), .init("two", [UInt8](repeating: 0x62, count: 200_000))]))
    let (members, coverage) = try expand(Array(packed.prefix(150_000)))
    #expect(members.map(\.path) == ["one", "two"])
    #expect(reasons(coverage).contains { $0.contains("truncated") })
    let kept = try #require(store.objects.list().compactMap(store.objects.byteCount).filter { $0 < 150_000 }.max())
    #expect(kept > 120_000)
  }

  @Test func whatIsNoArchiveAfterAllIsSaid() throws {
    var broken = ArchiveBytes.tar([.init("one", "first")])
    broken[0] ^= 1
    let (members, coverage) = try expand(broken)
    #expect(members.isEmpty)
    #expect(coverage.map(\.state) == [.skipped] && coverage[0].byteCount == UInt64(broken.count))
    let zip = try expand([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0xFF, count: 60))
    #expect(zip.members.isEmpty && !reasons(zip.coverage).isEmpty)
  }

  @Test func encryptedMembersAreNamed() throws {
    let (members, coverage) = try expand(
      ArchiveBytes.zip([.init("open", "text"), .init("data.zip", "0123456789abcdef", isEncrypted: true)]))
    #expect(members.map(\.path) == ["open"])
    #expect(reasons(coverage).contains { $0.hasPrefix("member data.zip is encrypted") })
  }

  @Test func collectionsGiveTheirFilesTheirOwnPaths() throws {
    let (members, _) = try expand(
      ArchiveBytes.zip([
        .init("uploads/auto/var/log/auth.log", "a"), .init("uploads/auto/%2Fetc/passwd", "b"),
        .init("uploads/ntfs/%5C%5C.%5CC%3A/Windows/x%20y.evtx", "c"),
        .init("results/Linux.Sys.Users.json", "d"), .init("results/Custom.A%2FB.json", "e"),
        .init("uploads/bad%zz/x", "f"), .init("uploads.json", "g"),
        .init("clients/C.1/collections/F.2/uploads/file/tmp/%ED%95%9C", "h"),
      ]))
    #expect(
      members.map(\.path) == [
        "var/log/auth.log", "etc/passwd", "\\\\.\\C:/Windows/x y.evtx", "results/Linux.Sys.Users.json",
        "results/Custom.A/B.json", "uploads/bad%zz/x", "uploads.json", "clients/C.1/collections/F.2/tmp/한",
      ])
    #expect(members[0].storedAs == "uploads/auto/var/log/auth.log" && members[6].storedAs == nil)
    #expect(MemberPath.original("./a/b") == "a/b" && MemberPath.original("./") == "./" && MemberPath.original("") == "")
    #expect(MemberPath.original("uploads/auto/%2F%2F") == "" && MemberPath.original("uploads/auto") == "uploads/auto")
  }
}
