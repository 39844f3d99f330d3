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

  private func edit(_ body: (inout [Substring]) -> Void) throws {
    let text = try String(contentsOfFile: store.custody.path, encoding: .utf8)
    var lines = text.split(separator: "\n")
    body(&lines)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: store.custody.path))
  }

  @Test func anUntouchedChainHolds() throws {
    #expect(try store.custody.verify() == 5)
  }

  @Test func anEditedALostAndAMovedLineBreakIt() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: store.custody.path))
    let tampering: [(inout [Substring]) -> Void] = [
      { $0[1] = Substring($0[1].replacing("f1", with: "f9")) }, { $0.remove(at: 2) }, { $0.swapAt(1, 3) },
    ]
    for change in tampering {
      try whole.write(to: URL(fileURLWithPath: store.custody.path))
      try edit(change)
      #expect(throws: StoreError(.integrity, "")) { try store.custody.verify() }
    }
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
}
