import Testing

@testable import Bytes

@Suite struct LiteralGroupsTests {
  private func beginning(_ text: String) -> LiteralGroups.Beginning {
    LiteralGroups.beginning(text.utf8.prefix(3).map { [$0] })
  }

  @Test func fewAreGroupsOfTheirOwn() {
    #expect(LiteralGroups.parted([]) == [])
    #expect(LiteralGroups.parted(["abc", "abd", "xyz"].map(beginning)) == [0, 1, 2])
  }

  @Test func whatIsAlikeStaysTogether() {
    // Two families and a few that stand alone: cut evenly, a group would have members of both families.
    let words = ["aaa", "aab", "aac", "aad", "aae", "aaf", "aag", "bxa", "cyb", "dzc", "q1d", "r2e", "s3f", "zzz"]
    let groups = LiteralGroups.parted(words.map(beginning))
    #expect(Set(groups) == Set(0..<8))
    #expect(groups == groups.sorted())
    #expect(Set(groups.prefix(7)).count == 1)
    #expect(Set(groups.suffix(7)).count == 7)
  }

  @Test func aFloodOfBeginningsIsCutEvenly() {
    let many = (0..<3000).map { number in
      LiteralGroups.beginning([[UInt8(number / 256 + 32)], [UInt8(number & 255)], [0x61]])
    }
    let groups = LiteralGroups.parted(many)
    #expect(groups.first == 0 && groups.last == 7 && groups == groups.sorted())
  }
}
