import Bytes
import Testing

@testable import Detectors

/// The index against a search that looks at every place for every literal.
struct MaskedIndexTests {
  private func naive(_ literals: [MaskedLiteral], _ object: [UInt8]) -> Set<LiteralPlaces.Hit> {
    var hits: Set<LiteralPlaces.Hit> = []
    for (number, literal) in literals.enumerated() where literal.count <= object.count {
      let bytes = literal.bytes
      for start in 0...(object.count - bytes.count)
      where bytes.indices.allSatisfy({ bytes[$0].covers(object[start + $0]) }) {
        hits.insert(.init(literal: UInt32(number), end: UInt64(start + bytes.count)))
      }
    }
    return hits
  }

  private func found(_ index: MaskedIndex, _ object: [UInt8], part: Int) -> LiteralPlaces {
    object.withView { view in
      var all = LiteralPlaces(count: index.literals.count)
      for start in stride(from: 0, to: max(object.count, 1), by: part) {
        var found = LiteralPlaces(count: index.literals.count)
        index.look(in: view, start..<min(start + part, object.count), &found)
        all.append(found)
      }
      return all
    }
  }

  private func agree(_ literals: [MaskedLiteral], _ object: [UInt8]) throws {
    let index = try #require(MaskedIndex(literals))
    let expected = naive(literals, object)
    for part in [4096, 3 * 4096, 1 << 20] {
      let places = found(index, object, part: part)
      // Each place once.
      #expect(places.hits.count == expected.count)
      #expect(Set(places.hits) == expected)
      for (number, count) in places.counts.enumerated() {
        #expect(Int(count) == expected.lazy.filter { $0.literal == UInt32(number) }.count)
      }
      // What is not filled is zero.
      var isFilled = [Bool](repeating: false, count: object.count)
      for range in places.filled { for place in range { isFilled[place] = true } }
      #expect(object.indices.allSatisfy { isFilled[$0] || object[$0] == 0 })
    }
  }

  private func text(_ text: String) -> MaskedLiteral { MaskedLiteral(text: text.utf8) }
  private func caseless(_ text: String) -> MaskedLiteral { MaskedLiteral(text.utf8.map { MaskedByte($0).caseless }) }

  @Test func textsAreFoundWhereTheyStand() throws {
    let literals = [
      text("needle"), caseless("needle"), text("edle"), text("needle"), text("abcabc"), text("a long text of twenty"),
      caseless("a1-[]{}_@`~"), text("xyz"), MaskedLiteral(text: [0, 0, 0, 1]), MaskedLiteral(text: [1, 0, 0, 0, 0]),
      MaskedLiteral(text: [0xFF, 0xFF, 0xFF, 0xFF]),
    ]
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    let page = 4096
    let parts: [[[UInt8]]] = [
      [], [bytes("needle")], [bytes("xneedlNEEdleneedle")], [bytes("abcabcabcabc xyz")], [bytes("xy")], [bytes("xyz")],
      [bytes("A1-[]{}_@`~ a1-{}[]_@`~ a long text of twenty")], [zeros(page)], [zeros(page - 2), bytes("needle")],
      [zeros(2 * page), bytes("needle"), zeros(2 * page - 6)], [zeros(page), [1], zeros(2 * page)],
      [zeros(2 * page - 1), [1], zeros(page), bytes("xyz")], [[UInt8](repeating: 0xFF, count: 5000)],
      [zeros(page), [0, 1]], [zeros(page - 1), [1], zeros(page)], [zeros(page - 1), bytes("xyz"), zeros(3 * page)],
    ]
    for part in parts { try agree(literals, Array(part.joined())) }
  }

  @Test func bytesKnownInPartAreHeldAgainstWhatIsKnown() throws {
    let literals = [
      MaskedLiteral([.init(0x8B), .any, .init(0x24), .init(0x08), .any, .init(0x90)]),
      MaskedLiteral([.init(0x40, mask: 0xF0), .init(0x8B), .init(0x05), .init(0x03, mask: 0x0F)]),
      MaskedLiteral([.init(0x4D), .init(0x5A), .init(0x90)]),
      MaskedLiteral([.any, .init(0x5A), .init(0x90), .init(0x33, mask: 0x7F)]),
    ]
    for object: [UInt8] in [
      [0x8B, 0, 0x24, 8, 1, 0x90, 0x8B, 0x20, 0x24, 0x28, 1, 0x90], [0x4F, 0x8B, 5, 0xF3, 0x5F, 0x8B, 5, 0xF3],
      [0x4D, 0x5A, 0x90], [0x4D, 0x5A, 0x90, 0xB3], [0x6D, 0x7A, 0x90, 0x33, 0x4D, 0x5A, 0xB0, 0x33],
    ] {
      try agree(literals, object)
    }
  }

  @Test func randomLiteralsInRandomObjects() throws {
    var random = SplitMix(seed: 11)
    // Few kinds of bytes, so that literals overlap, hold each other and stand in many places.
    let kinds: [UInt8] = [0, 0, 1, 0x20, 0x41, 0x61, 0x42, 0x62, 0xFF]
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in kinds[random.below(kinds.count)] } }
    for _ in 0..<60 {
      var literals: [MaskedLiteral] = []
      while literals.count < 40 {
        let row = bytes(2 + random.below(17)).map { byte -> MaskedByte in
          switch random.below(8) {
          case 0: .any
          case 1: MaskedByte(byte, mask: 0xF0)
          case 2: MaskedByte(byte, mask: 0x0F)
          case 3: MaskedByte(byte).caseless
          default: MaskedByte(byte)
          }
        }
        let literal = MaskedLiteral(row)
        if MaskedAtom(of: literal).map({ $0.count <= 1024 }) ?? false { literals.append(literal) }
      }
      var object: [UInt8] = []
      for _ in 0..<(1 + random.below(5)) {
        object += [UInt8](repeating: 0, count: random.below(3) * 4096 + random.below(5))
        object += bytes(random.below(700))
        for _ in 0..<random.below(4) {
          let whole = literals[random.below(literals.count)]
          object += whole.bytes.map { $0.value | (UInt8(truncatingIfNeeded: random.next()) & ~$0.mask) }
        }
      }
      try agree(literals, object)
    }
  }

  @Test func whatMayBeAllZerosIsNotLookedFor() {
    #expect(MaskedIndex([MaskedLiteral(text: [0, 0, 0, 0, 0])]) == nil)
    #expect(MaskedIndex([MaskedLiteral([.any, .init(0, mask: 0xF0), .any])]) == nil)
    #expect(MaskedIndex([MaskedLiteral(text: [0x41])]) == nil)
  }

  @Test func placesOfALiteralThatStandsEverywhereAreNotKept() throws {
    let many = String(repeating: "abcd", count: LiteralPlaces.maximumHits + 100)
    let object = Array((many + "wxyz").utf8)
    let index = try #require(MaskedIndex([text("abcd"), text("wxyz")]))
    let places = found(index, object, part: 5 * 4096)
    #expect(places.isEverywhere(0) && !places.isEverywhere(1))
    #expect(places.hits.filter { $0.literal == 1 }.map(\.end) == [UInt64(object.count)])
  }

  @Test func storedLiteralsAreHeldAgainstWhatALiteralIs() {
    let one = text("needle in hay")
    #expect(MaskedLiteral(value: one.value, mask: one.mask, count: one.count) == one)
    #expect(MaskedLiteral(value: one.value, mask: one.mask, count: one.count - 1) == nil)
    #expect(MaskedLiteral(value: one.value, mask: one.mask, count: 0) == nil)
    #expect(MaskedLiteral(value: one.value, mask: one.mask, count: 17) == nil)
    #expect(MaskedLiteral(value: one.value, mask: .zero, count: one.count) == nil)
  }
}
