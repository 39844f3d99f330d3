import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

struct CustodyLogTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
    for index in 0..<5 {
      try store.custody.append(
        [.init("ingest", digest: Digest(of: [UInt8(index)]), [Attribute("path", "f\(index)")])], tool: "t")
    }
  }

  private var headFile: String { store.directory + "/custody.head" }

  private func edit(_ body: (inout [Substring]) -> Void) throws {
    let text = try String(contentsOfFile: store.custody.path, encoding: .utf8)
    var lines = text.split(separator: "\n")
    body(&lines)
    try write(lines.joined(separator: "\n") + "\n")
  }

  private func write(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: store.custody.path))
  }

  @Test func anUntouchedChainHolds() throws {
    #expect(try store.custody.verify() == 5)
    let check = try store.custody.examine()
    #expect(check.problems.isEmpty && check.signed == 0 && check.head == store.custody.head())
  }

  @Test func anEditedALostAndAMovedLineAreNamed() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: store.custody.path))
    let tampering: [(line: Int, (inout [Substring]) -> Void)] = [
      (3, { $0[1] = Substring($0[1].replacing("f1", with: "f9")) }), (3, { $0.remove(at: 2) }),
      (2, { $0.swapAt(1, 3) }),
      (1, { $0.remove(at: 0) }), (5, { $0[4] = Substring($0[4].replacing("f4", with: "f9")) }),
    ]
    for (line, change) in tampering {
      try whole.write(to: URL(fileURLWithPath: store.custody.path))
      try edit(change)
      #expect(throws: StoreError(.integrity, "")) { try store.custody.verify() }
      #expect(try store.custody.examine().problems.contains { $0.contains("line \(line)") })
    }
  }

  @Test func aLogThatWasCutIsNoticed() throws {
    try edit { $0.removeLast(2) }
    #expect(
      try store.custody.examine().problems == [
        "custody log \(store.custody.path) was cut: custody.head counts 5 lines, and 3 are there"
      ])
    try FileManager.default.removeItem(atPath: store.custody.path)
    #expect(throws: StoreError(.integrity, "")) { try store.custody.verify() }
  }

  @Test func aCutIsToldOfByTheNextLineAndFromThenOn() throws {
    try edit { $0.removeLast(2) }
    for count in 1...2 {
      try store.custody.append([.init("ingest")], tool: "t")
      let check = try store.custody.examine()
      // The entry about the cut, and one for each that was appended.
      #expect(check.count == 4 + count)
      #expect(
        check.problems == [
          "custody log \(store.custody.path): line 4 says that the log was cut or replaced before it was written: 3 lines were "
            + "there, and custody.head counted 5"
        ])
    }
    #expect(throws: StoreError(.integrity, "")) { try store.custody.verify() }
  }

  @Test func aLastLineThatWasReplacedOrAHeadThatIsGoneIsToldOfTheSameWay() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: store.custody.path))
    let head = try Data(contentsOf: URL(fileURLWithPath: headFile))
    for isHead in [false, true] {
      try whole.write(to: URL(fileURLWithPath: store.custody.path))
      try head.write(to: URL(fileURLWithPath: headFile))
      if isHead {
        unlink(headFile)
      } else {
        try edit { $0[4] = Substring($0[4].replacing(#""path":"f4""#, with: #""path":"f9""#)) }
      }
      try store.custody.append([.init("ingest")], tool: "t")
      #expect(try store.custody.examine().problems.count == 1)
    }
  }

  /// Lines that are on the disk before the head is: whoever was killed between the two has cut nothing.
  @Test func aHeadThatLagsBehindIsNoCut() throws {
    let late = try Data(contentsOf: URL(fileURLWithPath: headFile))
    try store.custody.append([.init("ingest")], tool: "t")
    try late.write(to: URL(fileURLWithPath: headFile))
    try store.custody.append([.init("ingest")], tool: "t")
    #expect(try store.custody.verify() == 7)
  }

  @Test func aLogThatWasCutTogetherWithItsHeadIsNoticedByAnAnchor() throws {
    let anchor = try #require(store.custody.head())
    let early = try ArtifactStore(directory: folder.path + "/other")
    try early.custody.append([.init("ingest")], tool: "t")
    // An earlier state of both files.
    try edit { $0.removeLast(4) }
    let first = try String(contentsOfFile: store.custody.path, encoding: .utf8).split(separator: "\n")[0]
    try #"{"count":1,"digest":"\#(Digest(of: Array(first.utf8)).hex)"}"#.write(
      toFile: headFile, atomically: true, encoding: .utf8)
    #expect(try store.custody.examine().problems.isEmpty)
    #expect(try store.custody.examine(anchor: anchor).problems.count == 1)
    let other = CustodyLog.Head(count: 1, digest: Digest(of: []))
    #expect(try store.custody.examine(anchor: other).problems.count == 1)
    #expect(CustodyLog.Head(text: anchor.text) == anchor)
    #expect(CustodyLog.Head(text: "5") == nil && CustodyLog.Head(text: "-1:\(anchor.digest.hex)") == nil)
  }

  @Test func whatACrashLeftOfALineIsPutRightAndSaid() throws {
    let handle = try #require(FileHandle(forWritingAtPath: store.custody.path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"number":6,"previous":"half"#.utf8))
    try handle.close()
    // Nobody was told that it was written, so nothing is lost; it is only said.
    let check = try store.custody.examine()
    #expect(check.problems.isEmpty && check.count == 5 && check.notes.count == 1)
    try store.custody.append([.init("ingest")], tool: "t")
    #expect(try store.custody.verify() == 7)
    #expect(try String(contentsOfFile: store.custody.path, encoding: .utf8).contains(#""action":"repair""#))
    #expect(try store.custody.examine().notes.isEmpty)
  }

  @Test func factsCannotTakeThePlaceOfTheLogsOwnNames() throws {
    try store.custody.append(
      [.init("ingest", [Attribute("previous", "x"), Attribute("number", 1), Attribute("signature", "y")])], tool: "t")
    #expect(try store.custody.verify() == 6)
  }

  @Test func noBytesTrapTheCheck() throws {
    for text in [
      "", "\n", "{}\n", "\u{0}\n", "{\"number\":99999999999999999999}\n", String(repeating: "[", count: 5000) + "\n",
    ] {
      try write(text)
      _ = try store.custody.examine()
      try Data(text.utf8).write(to: URL(fileURLWithPath: headFile))
      _ = try store.custody.examine()
    }
    #expect(try !store.custody.examine().problems.isEmpty)
  }

  @Test func manyWritersMakeOneChain() async throws {
    let custody = store.custody
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask { try? custody.append([.init("ingest", digest: Digest(of: [UInt8(index)]))], tool: "t") }
      }
    }
    #expect(try custody.verify() == 25)
  }

  @Test func theFoldersOfReportsAreTold() throws {
    #expect(store.custody.reportFolders().isEmpty)
    for folder in ["/a/report", "/b", "/a/report"] {
      try store.custody.append([.init("report", [Attribute("case", "c"), Attribute("folder", folder)])], tool: "t")
    }
    // Words of a path are no action.
    try store.custody.append(
      [.init("ingest", [Attribute("path", #""action":"report""#), Attribute("folder", "/c")])], tool: "t")
    #expect(store.custody.reportFolders() == ["/a/report", "/b"])
  }
}
