import Bytes
import Engine
import Evidence
import Testing

struct UnitTests {
  private let artifact = Digest(of: Array("a".utf8))

  @Test func theKeyDependsOnEverythingAndOnNothingElse() throws {
    func make(
      _ version: String = "1", rules: Digest? = Digest(of: Array("r".utf8)),
      options: [String: String] = ["b": "2", "a": "1"]
    ) -> Engine.Unit {
      Unit(artifact: artifact, analyzer: "log", version: version, rules: rules, options: options)
    }
    #expect(make() == make(options: ["a": "1", "b": "2"]))
    for other in [make("2"), make(rules: nil), make(options: ["b": "2", "a": "3"])] {
      #expect(other != make())
      #expect(other.key != make().key)
    }
    let unit = make()
    #expect(unit.key == Digest(of: unit.json))
    #expect(unit.json.withView { Unit(json: JSONView($0)) } == unit)
  }
}
