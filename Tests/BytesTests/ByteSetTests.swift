import Testing

@testable import Bytes

@Suite struct ByteSetTests {
  private let set = ByteSet(" \0/|\u{7f}a")

  @Test func aSetHoldsItsBytes() {
    let bytes: [UInt8] = [0x20, 0x00, 0x2F, 0x7C, 0x7F, 0x61]
    for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == bytes.contains(byte)) }
    let controls = ByteSet("{", controls: true)
    for byte in UInt8.min...UInt8.max {
      #expect(controls.contains(byte) == (byte == 0x7B || byte < 0x20 && byte != 0x09))
    }
  }

  @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 200, 1000])
  func placesAreThoseOfASlowLook(count: Int) {
    var seed: UInt64 = 7
    let bytes = (0..<count).map { _ in
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      return UInt8(truncatingIfNeeded: seed >> 40) & (seed >> 63 == 0 ? 0xFF : 0x6F)
    }
    bytes.withView { view in
      var places = BytePlaces(of: set, in: view)
      for start in 0...count {
        #expect(places.next(from: start) == (bytes[start...].firstIndex { set.contains($0) } ?? count))
      }
      for start in 0...count {
        #expect(places.end(from: start) == (bytes[start...].firstIndex { !set.contains($0) } ?? count))
      }
      #expect(places.next(from: count + 5) == count)
    }
  }

  @Test func aNeedleIsFoundAsByASlowLook() {
    var seed: UInt64 = 3
    func random(_ limit: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      return Int(seed >> 33) % limit
    }
    for _ in 0..<3000 {
      let letters = 1 + random(3)
      let hay = (0..<random(300)).map { _ in UInt8(0x61 + random(letters)) }
      let needle = (0..<1 + random(9)).map { _ in UInt8(0x61 + random(letters)) }
      let start = random(hay.count + 1)
      let expected = (start..<max(hay.count - needle.count + 1, start)).first {
        Array(hay[$0..<$0 + needle.count]) == needle
      }
      #expect(hay.withView { hay in needle.withView { hay.firstIndex(of: $0, from: start) } } == expected)
    }
  }

  @Test func aTextThatNearlyFitsEverywhereIsLinear() {
    let hay = [UInt8](repeating: 0x61, count: 1 << 20)
    let needle = [UInt8](repeating: 0x61, count: 500) + [0x62] + [UInt8](repeating: 0x61, count: 500)
    #expect(hay.withView { hay in needle.withView { hay.firstIndex(of: $0) } } == nil)
    let whole = hay + needle
    #expect(whole.withView { hay in needle.withView { hay.firstIndex(of: $0) } } == 1 << 20)
  }
}
