import Testing

@testable import MemoryParse

@Suite struct IPTextTests {
  @Test func writesAddressesInTheirShortForm() {
    #expect(IPText.text([10, 0, 2, 15]) == "10.0.2.15")
    #expect(IPText.text([UInt8](repeating: 0, count: 16)) == "::")
    #expect(IPText.text([UInt8](repeating: 0, count: 15) + [1]) == "::1")
    #expect(IPText.text([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 10, 0, 2, 15]) == "::ffff:10.0.2.15")
    let other: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    #expect(IPText.text(other) == "2001:db8:0:1::2")
    let single: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    #expect(IPText.text(single) == "2001:db8:0:1:1:1:1:1")
  }

  @Test func writesEndsWithPorts() {
    #expect(Socket.End(address: "::ffff:10.0.2.15", port: 80).text == "10.0.2.15:80")
    #expect(Socket.End(address: "2001:db8::1", port: 443).text == "[2001:db8::1]:443")
    #expect(Socket.End(address: "127.0.0.53", port: 53).isLoopback)
    #expect(!Socket.End(address: "203.0.113.66", port: 53).isLoopback)
  }
}
