@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct CompressionTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private var log: [UInt8] {
    Array((0..<40_000).map { "2026-11-25T05:\($0 % 60):00Z host sshd[\($0)]: Accepted publickey\n" }.joined().utf8)
  }

  @Test func textTakesAFractionAndReadsTheSame() throws {
    let stored = try store.objects.put(log)
    let before = store.objects.diskSize(of: stored.digest)
    let saved = try #require(try store.objects.compress(stored.digest))
    #expect(saved > before / 2 && store.objects.form(of: stored.digest) == .compressed)
    #expect(store.objects.byteCount(of: stored.digest) == UInt64(log.count))
    try store.objects.verify(stored.digest)
    #expect(try store.objects.open(stored.digest).withView { $0.array } == log)
    #expect(try store.objects.put(log).isNew == false)
    #expect(try store.objects.compress(stored.digest) == nil)
    let tool = try runProgram(
      "/bin/sh", ["-c", "zstd -dc '\(store.objects.place(of: stored.digest, as: .compressed))' | sha256sum"])
    #expect(tool.output.hasPrefix(stored.digest.hex))
  }

  @Test func whatIsSmallRandomOrCompressedStaysAsItIs() throws {
    let random = (0..<100_000).map { _ in UInt8.random(in: 0...255) }
    for bytes in [random, [], Array("x".utf8), [0x1F, 0x8B, 0x08] + log] {
      #expect(try store.objects.compress(store.objects.put(bytes).digest) == nil)
    }
  }

  @Test func aDamagedOrTruncatedFrameIsNamed() throws {
    let digest = try store.objects.put(log).digest
    _ = try store.objects.compress(digest)
    let place = store.objects.place(of: digest, as: .compressed)
    let whole = try Data(contentsOf: URL(fileURLWithPath: place))
    chmod(place, 0o644)
    for change in [{ $0[$0.count / 2] ^= 1 }, { $0.removeLast($0.count / 2) }, { $0 = Data() }, { $0[0] ^= 1 }]
      as [(inout Data) -> Void]
    {
      var data = whole
      change(&data)
      try data.write(to: URL(fileURLWithPath: place))
      #expect(throws: StoreError(.integrity, "")) { try store.objects.verify(digest) }
    }
  }
}
