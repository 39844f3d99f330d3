import Bytes
import Evidence

/// Records for which rules hold, as far as correlations need them: some 70 bytes for each in memory, and what a finding tells of
/// one in a file. A brute force has a million of them.
final class SigmaHits {
  /// A record's place here.
  typealias Number = UInt32

  private struct Row {
    var nanoseconds: Int64
    /// In `details`.
    var detail: SpilledBytes.Place
    var artifact: UInt32
    var dataType: UInt32
    /// In `words`: first the values of the layout's fields, then the entities.
    var firstWord: UInt32
    var layout: UInt16
    var entityCount: UInt16
  }

  /// Names of the fields whose values are kept, by what a record was found by.
  private(set) var layouts: [[String]] = []
  private var rows: [Row] = []
  private var words: [UInt32] = []
  /// Texts and artifacts each once, by their numbers.
  private var texts: [String] = []
  private var numbers: [String: UInt32] = [:]
  private var artifacts: [Digest] = []
  private let details = SpilledBytes()
  private var out = JSONWriter()

  /// A field that the record does not have.
  static let missing = UInt32.max
  private static let mostEntities = 64

  var count: Int { rows.count }

  /// The number of a layout.
  func layout(_ names: [String]) -> Int {
    if let known = layouts.firstIndex(of: names) { return known }
    layouts.append(names)
    return layouts.count - 1
  }

  /// - Parameters:
  ///   - event: as which it is told; its attributes are not kept.
  ///   - fields: values of the layout's fields.
  /// - Returns: nil where there is no time, or no room.
  func add(_ event: Event, _ artifact: Digest, _ layout: Int, fields: [String?]) -> Number? {
    guard let time = event.time, let number = Number(exactly: rows.count), let layout = UInt16(exactly: layout),
      let firstWord = UInt32(exactly: words.count)
    else { return nil }
    var told = event
    told.attributes = []
    out.removeAll()
    ResultLine.write(told, to: &out)
    guard let detail = out.withUnsafeBytes({ details.append($0) }) else { return nil }
    if artifacts.last != artifact { artifacts.append(artifact) }
    for field in fields { words.append(field.map { self.number(of: $0) } ?? Self.missing) }
    let entities = event.entities.prefix(Self.mostEntities)
    for entity in entities { words.append(self.number(of: entity.text)) }
    rows.append(
      Row(
        nanoseconds: time.nanoseconds, detail: detail, artifact: UInt32(clamping: artifacts.count - 1),
        dataType: self.number(of: event.dataType), firstWord: firstWord, layout: layout,
        entityCount: UInt16(entities.count)))
    return number
  }

  private func number(of text: String) -> UInt32 {
    if let known = numbers[text] { return known }
    let number = UInt32(clamping: texts.count)
    texts.append(text)
    numbers[text] = number
    return number
  }

  /// Of a value's number, as `field` gives it.
  func text(_ number: UInt32) -> String { texts.indices.contains(Int(number)) ? texts[Int(number)] : "" }

  func nanoseconds(_ hit: Number) -> Int64 { rows[Int(hit)].nanoseconds }
  func artifact(_ hit: Number) -> Digest { artifacts[Int(rows[Int(hit)].artifact)] }
  func dataType(_ hit: Number) -> String { text(rows[Int(hit)].dataType) }

  func layout(_ hit: Number) -> Int { Int(rows[Int(hit)].layout) }

  /// - Parameter place: in the record's layout.
  func field(_ hit: Number, _ place: Int) -> UInt32 {
    place < layouts[layout(hit)].count ? words[Int(rows[Int(hit)].firstWord) + place] : Self.missing
  }

  func value(_ hit: Number, _ place: Int) -> String? {
    let word = field(hit, place)
    return word == Self.missing ? nil : text(word)
  }

  /// Something found of several records, with the fields of the first of them and those by which they belong together.
  func add(_ event: Event, like first: Number, _ group: some Sequence<(String, String)>) -> Number? {
    var names = layouts[layout(first)]
    var values = names.indices.map { value(first, $0) }
    for (name, value) in group {
      if let known = names.firstIndex(of: name) {
        values[known] = value
      } else {
        names.append(name)
        values.append(value)
      }
    }
    return add(event, artifact(first), layout(names), fields: values)
  }

  /// Those of several records, each once, in order.
  func entities(of hits: some Sequence<Number>) -> [Entity] {
    var seen: Set<UInt32> = []
    for hit in hits {
      let row = rows[Int(hit)]
      let first = Int(row.firstWord) + layouts[Int(row.layout)].count
      for word in words[first..<first + Int(row.entityCount)] { seen.insert(word) }
    }
    return seen.compactMap { Entity(text: text($0)) }.sorted()
  }

  /// What is told of a record; nil where it cannot be read back.
  func event(_ hit: Number) -> Event? {
    guard let bytes = details.bytes(rows[Int(hit)].detail) else { return nil }
    return bytes.withView { line in
      if case .event(let event)? = ResultLine.read(line) { event } else { nil }
    }
  }

  func reference(_ hit: Number) -> EvidenceReference? {
    event(hit).map { EvidenceReference(artifact: artifact(hit), locator: $0.locator) }
  }
}
