import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

struct SeekTableTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  /// Some are longer than a frame may be.
  private let lines = (0..<3000).map { number in
    "\(number) " + String(repeating: "x", count: number % 1000 == 999 ? 3 << 20 : number % 700)
  }
  private var text: [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }

  private func write(_ bytes: [UInt8], parts: Int) throws -> Digest {
    let writer = try store.objects.newObject(durable: false, compressed: true)
    for start in stride(from: 0, to: bytes.count, by: parts) {
      try bytes[start..<min(start + parts, bytes.count)].withUnsafeBytes { try writer.write($0) }
    }
    return try writer.finish().digest
  }

  private func read(_ digest: Digest, from start: UInt64 = 0) throws -> [String] {
    let reader = try ObjectLines(of: digest, in: store.objects, from: start)
    var lines: [String] = []
    while let line = try reader.next() { lines.append(line.string) }
    return lines
  }

  @Test func whatIsWrittenCompressedIsTheSameObject() throws {
    let digest = try write(text, parts: 100_000)
    #expect(digest == Digest(of: text) && store.objects.form(of: digest) == .compressed)
    #expect(store.objects.byteCount(of: digest) == UInt64(text.count))
    #expect(store.objects.diskSize(of: digest) < UInt64(text.count / 4))
    try store.objects.verify(digest)
    let tool = try runProgram(
      "/bin/sh", ["-c", "zstd -dc '\(store.objects.place(of: digest, as: .compressed))' | sha256sum"])
    #expect(tool.output.hasPrefix(digest.hex))
    // The same bytes once more, in either form, are the same object.
    #expect(try store.objects.put(text).isNew == false)
    #expect(try write(text, parts: 5000) == digest)
    #expect(store.objects.form(of: digest) == .compressed)
  }

  @Test(arguments: [5000, 262_144, 1 << 23]) func linesAreTheSameWhereverFramesEnd(_ parts: Int) throws {
    let read = try read(write(text, parts: parts))
    #expect(read.count == lines.count && read.elementsEqual(lines))
  }

  @Test func linesAreReadFromAnyPlace() throws {
    let packed = try write(text, parts: 70_000)
    let plain = try ArtifactStore(directory: folder.path + "/plain").objects.put(text).digest
    #expect(plain == packed)
    for number in [0, 1, 998, 1000, 1500, 2999] {
      let start = lines[..<number].reduce(0) { $0 + $1.utf8.count + 1 }
      let read = try read(packed, from: UInt64(start))
      #expect(read.elementsEqual(lines[number...]))
    }
    #expect(try read(packed, from: UInt64(text.count)).isEmpty && read(packed, from: .max).isEmpty)
    #expect(try read(packed, from: 1).first == String(lines[0].dropFirst()))
  }

  @Test func aLineWithoutAnEndIsALine() throws {
    #expect(try read(write(Array("a\nb".utf8), parts: 1)) == ["a", "b"])
    #expect(try read(write(Array("\n\n".utf8), parts: 1)) == ["", ""])
    #expect(try read(write([], parts: 1)) == [])
  }

  @Test func aSingleFrameOfAnEarlierVersionIsReadToo() throws {
    let digest = Digest(of: text)
    let place = store.objects.place(of: digest, as: .compressed)
    let plain = try folder.write("plain", text)
    let made = try runProgram(
      "/bin/sh", ["-c", "mkdir -p \"$(dirname '\(place)')\" && zstd -qf '\(plain)' -o '\(place)'"])
    #expect(made.status == 0)
    #expect(store.objects.byteCount(of: digest) == UInt64(text.count))
    let read = try read(digest)
    #expect(read.elementsEqual(lines))
    try store.objects.verify(digest)
  }

  /// A table that lies about a frame, and frames that lie about themselves.
  @Test func damageIsAnErrorOfTheStore() throws {
    let digest = try write(text, parts: 100_000)
    let place = store.objects.place(of: digest, as: .compressed)
    let whole = try Data(contentsOf: URL(fileURLWithPath: place))
    chmod(place, 0o644)
    let entry = whole.count - 9 - 8
    for change in [
      { $0[entry] ^= 1 }, { $0[entry + 4] ^= 1 }, { $0[entry + 7] = 0x7F }, { $0[$0.count / 2] ^= 1 },
      { $0.removeFirst(1000) }, { $0.removeLast(1) }, { $0[$0.count - 8] = 0xFF },
    ] as [(inout Data) -> Void] {
      var data = whole
      change(&data)
      try data.write(to: URL(fileURLWithPath: place))
      #expect(throws: StoreError(.integrity, "")) { try store.objects.verify(digest) }
      #expect(throws: StoreError(.integrity, "")) { try read(digest).count }
    }
  }
}
