import Bytes
import Testing

@Suite struct SpilledBytesTests {
  @Test func whatIsKeptIsReadBackFromMemoryAndFile() throws {
    let spilled = SpilledBytes(limit: 100)
    var places: [(SpilledBytes.Place, [UInt8])] = []
    for number in 0..<200 {
      // One of them is longer than all that memory takes.
      let bytes = [UInt8](repeating: UInt8(number), count: number == 77 ? 5000 : number % 30)
      let place = try #require(bytes.withUnsafeBytes { spilled.append($0) })
      places.append((place, bytes))
    }
    for (place, bytes) in places.reversed() { #expect(spilled.bytes(place) == bytes) }
  }
}
