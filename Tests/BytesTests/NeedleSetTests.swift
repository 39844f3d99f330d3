import Bytes
import Testing

struct NeedleSetTests {
  struct Hit: Hashable {
    var needle: Int
    var place: Int
  }

  func hits(_ needles: [[UInt8]], _ hay: [UInt8], limit: Int = .max) -> [Hit] {
    var hits: [Hit] = []
    let set = NeedleSet(needles)
    hay.withView { view in
      _ = set.forEachPlace(in: view, startingBefore: limit) {
        hits.append(Hit(needle: $0, place: $1))
        return true
      }
    }
    return hits
  }

  /// Place by place, needle by needle.
  func slowly(_ needles: [[UInt8]], _ hay: [UInt8], limit: Int = .max) -> [Hit] {
    var hits: [Hit] = []
    for place in 0..<min(hay.count, max(limit, 0)) {
      for (index, needle) in needles.enumerated()
      where !needle.isEmpty && place + needle.count <= hay.count
        && hay[place..<place + needle.count].elementsEqual(needle)
      {
        hits.append(Hit(needle: index, place: place))
      }
    }
    return hits
  }

  @Test func theSameAsTheSlowWay() {
    let sets: [[[UInt8]]] = [
      [[0]], [[0, 0]], [[7]], [[0, 7], [7, 0], [7, 7, 0, 0, 1]], [[1, 0, 0, 0, 0, 0, 0, 0, 1], []], [],
      [[0, 0, 0, 1], [0, 1]], [[7, 7], [7, 7]],
    ]
    var state: UInt32 = 1
    for length in [0, 1, 2, 63, 64, 65, 127, 128, 129, 300, 1000, 5000] {
      // Few values and long stretches of zeros, so that much is found and pages of zeros are passed over.
      let hay = (0..<length).map { place -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return place / 200 % 2 == 1 ? 0 : [0, 0, 1, 7][Int(state >> 30)]
      }
      for needles in sets {
        for limit in [Int.max, length / 2, 0, -1] {
          #expect(hits(needles, hay, limit: limit) == slowly(needles, hay, limit: limit))
        }
      }
    }
  }

  @Test func aNeedleAtEachPlaceAndAtTheEnd() {
    let needle: [UInt8] = Array("OSRELEASE=".utf8)
    for place in 0...200 {
      var hay = [UInt8](repeating: 0, count: 210)
      hay.replaceSubrange(place..<place + needle.count, with: needle)
      #expect(hits([needle, [0xFE]], hay) == [Hit(needle: 0, place: place)])
      // A needle that does not end inside is none.
      #expect(hits([needle], Array(hay[0..<place + needle.count - 1])).isEmpty)
    }
  }

  @Test func aNeedleOfMoreThanAPageAmongZeros() {
    let needle = [UInt8](repeating: 0, count: 5000) + [1]
    let hay = [UInt8](repeating: 0, count: 20_000) + [1] + [UInt8](repeating: 0, count: 3000)
    #expect(hits([needle], hay) == [Hit(needle: 0, place: 15_000)])
  }

  @Test func zerosBeforeANeedleArePartOfIt() {
    let needle: [UInt8] = [0, 0, 0, 9]
    var hay = [UInt8](repeating: 0, count: 100_000)
    hay[70_000] = 9
    #expect(hits([needle], hay) == [Hit(needle: 0, place: 69_997)])
  }

  @Test func moreHitsThanFitAtOnce() {
    let hay = [UInt8](repeating: 7, count: 3000)
    #expect(hits([[7], [7, 7], [7, 7, 7]], hay).count == 3000 + 2999 + 2998)
  }

  @Test func theBodyCanStop() {
    var count = 0
    [UInt8](repeating: 7, count: 3000).withView { view in
      let finished = NeedleSet([[7]]).forEachPlace(in: view) { _, _ in
        count += 1
        return count < 5
      }
      #expect(!finished)
    }
    #expect(count == 5)
  }

  @Test func checksumOfKnownBytes() {
    // The check value of CRC-32C, and 32 zeros from RFC 3720.
    #expect(Array("123456789".utf8).withView { $0.crc32c } == 0xE306_9283)
    #expect([UInt8](repeating: 0, count: 32).withView { $0.crc32c } == 0x8A91_36AA)
    #expect([UInt8]().withView { $0.crc32c } == 0)
  }
}
