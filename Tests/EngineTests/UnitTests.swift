import Bytes
import Engine
import Evidence
import Testing

struct UnitTests {
  private let artifact = Digest(of: Array("a".utf8))

  @Test func theKeyDependsOnEverythingAndOnNothingElse() throws {
    let unit = Unit(artifact: artifact, analyzer: "log", version: "1", rules: artifact, options: ["b": "2", "a": "1"])
    #expect(
      unit.key
        == Unit(artifact: artifact, analyzer: "log", version: "1", rules: artifact, options: ["a": "1", "b": "2"]).key)
    var other = unit
    other.version = "2"
    #expect(other.key != unit.key)
    other = unit
    other.rules = nil
    #expect(other.key != unit.key)
    other = unit
    other.options["a"] = "3"
    #expect(other.key != unit.key)
    #expect(unit.json.withView { Unit(json: JSONView($0)) } == unit)
  }
}
