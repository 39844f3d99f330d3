import Evidence
import Testing

struct DigestTests {
  @Test func isTheKnownValueAndRoundTrips() {
    let digest = Digest(of: Array("abc".utf8))
    #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest(hex: digest.hex.uppercased()) == digest)
    #expect(Digest(bytes: digest.bytes) == digest)
  }

  @Test(arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "a", count: 65)])
  func refusesWhatIsNoDigest(_ text: String) {
    #expect(Digest(hex: text) == nil)
  }
}
