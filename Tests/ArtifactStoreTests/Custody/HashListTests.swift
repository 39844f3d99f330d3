import ArtifactStore
import Bytes
import Testing

struct HashListTests {
  private static let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  private static let sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d"
  private static let md5 = "900150983cd24fb0d6963f7d28e17f72"

  private func entries(_ text: String, _ path: String = "SHA256SUMS") -> [HashList.Entry] {
    text.withView { HashList($0, path: path)?.entries ?? [] }
  }

  @Test func everyFormIsRead() {
    let lines: [(String, String, HashList.Algorithm)] = [
      ("\(Self.sha256)  a b.txt", "a b.txt", .sha256), ("\(Self.sha1) *bin", "bin", .sha1),
      ("\(Self.md5)  ./x", "./x", .md5), ("\(Self.md5.uppercased())  x", "x", .md5),
      ("\\\(Self.sha256)  a\\nb\\\\c", "a\nb\\c", .sha256),
      ("SHA256 (a (1).txt) = \(Self.sha256)", "a (1).txt", .sha256),
      ("SHA2-256(x)= \(Self.sha256)", "x", .sha256), ("MD5(x)= \(Self.md5)", "x", .md5),
      ("SHA1 (x) = \(Self.sha1)", "x", .sha1), ("\(Self.sha256)", "", .sha256), ("\(Self.sha256) \t x", "x", .sha256),
    ]
    for (line, name, algorithm) in lines {
      let found = entries(line + "\r\n")
      #expect(found.map(\.name) == [name] && found.first?.algorithm == algorithm, "\(line)")
      #expect(found.first?.hash == (algorithm == .sha256 ? Self.sha256 : algorithm == .sha1 ? Self.sha1 : Self.md5))
    }
  }

  @Test func whatIsNoListIsNone() {
    let texts = [
      "", "hello", "\(Self.sha256.dropLast())  x", "\(Self.sha256)0  x", "SHA256 (x) = \(Self.md5)",
      "SHA256 (x) \(Self.sha256)",
      "SHA512 (x) = \(Self.sha256)", "g\(Self.sha256.dropFirst())  x", "()", ")(", "SHA256(", "\u{0}\u{0}\u{0}",
      "one\ntwo\nthree\n\(Self.md5)  x", String(repeating: "(", count: 10_000),
    ]
    for text in texts { #expect(entries(text).isEmpty, "\(text.prefix(80))") }
    #expect([0xFF, 0xFE, 0x00].withView { HashList($0, path: "x.md5") } == nil)
  }

  @Test func commentsAndBlankLinesArePassedOver() {
    #expect(entries("\u{FEFF}# made by hand\n\n\(Self.md5)  a\n\(Self.md5)  b\n").map(\.name) == ["a", "b"])
  }

  @Test func uacsAcquisitionLogNamesItsArchive() {
    let log = """
      [Case Information]
      Case Number: 17
      [Output Information]
      File: uac-web-linux-20261125052529.tar.gz
      Format: tar.gz

      [Computed Hashes]
      MD5 checksum: \(Self.md5)
      SHA1 checksum: \(Self.sha1)
      SHA256 (uac-web-linux-20261125052529.tar.gz) = \(Self.sha256)
      """
    let found = entries(log, "in/uac-web-linux-20261125052529.log")
    #expect(found.map(\.algorithm) == [.md5, .sha1, .sha256])
    #expect(found.allSatisfy { $0.name == "uac-web-linux-20261125052529.tar.gz" })
    #expect(entries(log, "in/other.txt").isEmpty)
  }

  @Test func onlyFilesNamedLikeListsAreRead() {
    for name in [
      "SHA256SUMS", "a/hash_list.md5", "memory/host.lime.sha256", "memory/lime_sha256.txt", "uac-x.log", "md5sums.txt",
      "x_sha256.txt", "CHECKSUMS", "a.tar.gz!/hash_list.sha1",
    ] { #expect(HashList.isNamedLikeOne(name), "\(name)") }
    for name in [
      "hash_executables/hash_executables.md5", "live_response/process/hash_running_processes.sha1", "auth.log",
      "x.lime",
      "sha256.c", "uac.log.gz", "", "Process_and_Network/web-1-20261125-0540-processhashes.txt",
      "Misc/web-1-20261125-0540-pot-webshell-hashes.txt",
    ] { #expect(!HashList.isNamedLikeOne(name), "\(name)") }
  }
}
