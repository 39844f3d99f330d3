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
    /// In `words`: the values of the layout's fields, each a number of `texts` or of `lists`.
    var firstWord: UInt32
    /// In `words`: the entities, each with its kind in the upper bits.
    var firstEntity: UInt32
    var layout: UInt16
    var clock: UInt16
    var entityCount: UInt8
  }

  /// How a source told its times.
  private struct Clock: Hashable {
    var precision: Timestamp.Precision
    var zone: Timestamp.Zone
  }

  /// Names of the fields whose values are kept, by what a record was found by.
  private(set) var layouts: [[String]] = []
  private var rows: [Row] = []
  private var words: [UInt32] = []
  /// Values of fields and entities, and data types.
  private var texts = ByteNumbers()
  /// Of fields with several values, the numbers of all.
  private var lists = ByteNumbers()
  /// Values beyond the first that all fields together may still bring.
  private var spareValues = 1 << 22
  private var artifacts: [Digest] = []
  private var clocks: [Clock] = []
  private var clockNumbers: [Clock: UInt16] = [:]
  /// Of each record its place, a line break, and its message.
  private let details = SpilledBytes()
  private var scratch = ByteBuilder()
  /// Of values that have capitals.
  private var spelled: [UInt32: String] = [:]

  /// A field that the record does not have.
  static let missing = UInt32.max
  /// Marks a number of `lists`.
  private static let listFlag: UInt32 = 1 << 31
  private static let mostEntities = 64
  /// Values of one field that are kept.
  static let mostValues = 64

  /// Whether any field has several values.
  var hasLists: Bool { lists.count > 0 }

  /// Whether anything has more moments than one.
  private(set) var hasMoments = false
  /// Further moments that all together may have.
  private var spareMoments = 1 << 20

  var count: Int { rows.count }

  /// The number of a layout.
  func layout(_ names: [String]) -> Int {
    if let known = layouts.firstIndex(of: names) { return known }
    layouts.append(names)
    return layouts.count - 1
  }

  /// - Parameters:
  ///   - event: as which it is told; its attributes are not kept.
  ///   - fields: values of the layout's fields, compared without regard to case.
  /// - Returns: nil where there is no time, or no room.
  func add(_ event: Event, _ artifact: Digest, _ layout: Int, fields: [[SigmaValue]]) -> Number? {
    if event.time == nil { return nil }
    return add(event, artifact, layout, words: fields.map(word))
  }

  private func add(_ event: Event, _ artifact: Digest, _ layout: Int, words fields: [UInt32]) -> Number? {
    guard let time = event.time, let number = Number(exactly: rows.count), let layout = UInt16(exactly: layout),
      let firstWord = UInt32(exactly: words.count), let clock = self.clock(of: time)
    else { return nil }
    scratch.removeAll()
    scratch.append(event.locator.text, end: 0x0A)
    scratch.append(event.message)
    guard let detail = scratch.withView({ details.append($0.unsafeBytes) }) else { return nil }
    if artifacts.last != artifact { artifacts.append(artifact) }
    words.append(contentsOf: fields)
    let firstEntity = UInt32(clamping: words.count)
    let entities = event.entities.prefix(Self.mostEntities)
    for entity in entities { words.append(word(of: entity)) }
    rows.append(
      Row(
        nanoseconds: time.nanoseconds, detail: detail, artifact: UInt32(clamping: artifacts.count - 1),
        dataType: self.number(of: event.dataType), firstWord: firstWord, firstEntity: firstEntity, layout: layout,
        clock: clock, entityCount: UInt8(entities.count)))
    return number
  }

  private func number(of text: String) -> UInt32 {
    guard let number = text.withView({ texts.number(of: $0) }), number < Self.listFlag else { return Self.missing }
    return number
  }

  private func word(of values: [SigmaValue]) -> UInt32 {
    guard let first = values.first else { return Self.missing }
    let word = number(of: first)
    if values.count == 1 || spareValues <= 0 { return word }
    var all = [word]
    for value in values.prefix(Self.mostValues).dropFirst() {
      let number = number(of: value)
      if !all.contains(number) { all.append(number) }
    }
    spareValues -= all.count - 1
    guard all.count > 1, let list = all.withUnsafeBytes({ lists.number(of: ByteView($0)) }), list < Self.listFlag - 1
    else {
      return word
    }
    return list | Self.listFlag
  }

  /// Remembers how the evidence spells it, too.
  private func number(of value: SigmaValue) -> UInt32 {
    let number = number(of: value.folded)
    if value.text != value.folded, spelled[number] == nil { spelled[number] = value.text }
    return number
  }

  /// An entity's value is that of a field, mostly.
  private func word(of entity: Entity) -> UInt32 {
    let number = number(of: entity.value)
    guard number < 1 << Self.kindShift, let kind = Self.kindNumbers[entity.kind] else { return Self.missing }
    return kind << Self.kindShift | number
  }

  private static let kindShift: UInt32 = 27
  private static let kindNumbers = Dictionary(
    uniqueKeysWithValues: zip(Entity.Kind.allCases, UInt32(0)..<(1 << (32 - kindShift) - 1)))

  private func entity(_ word: UInt32) -> Entity? {
    let kind = Int(word >> Self.kindShift)
    guard word != Self.missing, kind < Entity.Kind.allCases.count else { return nil }
    return Entity(Entity.Kind.allCases[kind], text(word & (1 << Self.kindShift - 1)))
  }

  private func clock(of time: Timestamp) -> UInt16? {
    let clock = Clock(precision: time.precision, zone: time.zone)
    if clocks.first == clock { return 0 }
    if let known = clockNumbers[clock] { return known }
    guard let number = UInt16(exactly: clocks.count) else { return nil }
    clocks.append(clock)
    clockNumbers[clock] = number
    return number
  }

  /// A value as the evidence has it, where it was first seen.
  func shown(_ folded: String) -> String { spelled[number(of: folded)] ?? folded }

  /// Of a value's number, as `values` gives it.
  func text(_ number: UInt32) -> String { texts.withRun(number) { $0.string } }

  func nanoseconds(_ hit: Number) -> Int64 { rows[Int(hit)].nanoseconds }
  func artifact(_ hit: Number) -> Digest { artifacts[Int(rows[Int(hit)].artifact)] }
  func dataType(_ hit: Number) -> String { text(rows[Int(hit)].dataType) }

  func layout(_ hit: Number) -> Int { Int(rows[Int(hit)].layout) }

  private func word(_ hit: Number, _ place: Int) -> UInt32 {
    place < layouts[layout(hit)].count ? words[Int(rows[Int(hit)].firstWord) + place] : Self.missing
  }

  /// The number of a field's only value; nil where it has none or several.
  func value(_ hit: Number, _ place: Int) -> UInt32? {
    let word = word(hit, place)
    return word & Self.listFlag == 0 ? word : nil
  }

  /// Makes a list that of the numbers of a field's values: each once, none where the record does not have the field.
  ///
  /// - Parameter place: in the record's layout.
  func values(_ hit: Number, _ place: Int, into numbers: inout [UInt32]) {
    numbers.removeAll(keepingCapacity: true)
    let word = word(hit, place)
    if word == Self.missing { return }
    guard word & Self.listFlag != 0 else { return numbers.append(word) }
    lists.withRun(word & ~Self.listFlag) { list in
      for place in stride(from: 0, to: list.count, by: 4) {
        let number = list.unsafeBytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
        if number != Self.missing { numbers.append(number) }
      }
    }
  }

  /// Something found of several records, with the fields of the first of them and those by which they belong together.
  func add(_ event: Event, like first: Number, _ group: some Sequence<(String, String)>) -> Number? {
    let (names, words) = fields(like: first, group)
    return add(event, artifact(first), layout(names), words: words)
  }

  /// The same find at another moment: told alike, but when the last of its records so far was, and with the fields of the first
  /// record that counts then. nil where there is no room.
  func add(
    _ find: Number, at last: Number, like first: Number, _ group: some Sequence<(String, String)>
  ) -> Number? {
    let (names, words) = fields(like: first, group)
    guard spareMoments > 0, let number = Number(exactly: rows.count), let layout = UInt16(exactly: layout(names)),
      let firstWord = UInt32(exactly: self.words.count)
    else { return nil }
    spareMoments -= 1
    hasMoments = true
    self.words.append(contentsOf: words)
    var row = rows[Int(find)]
    row.nanoseconds = rows[Int(last)].nanoseconds
    row.clock = rows[Int(last)].clock
    row.firstWord = firstWord
    row.layout = layout
    rows.append(row)
    return number
  }

  /// What two moments of one find have in common, and no other hit has.
  func origin(_ hit: Number) -> SpilledBytes.Place { rows[Int(hit)].detail }

  /// Of each find the first moment alone.
  func once(_ hits: [Number]) -> [Number] {
    guard hasMoments else { return hits }
    var seen: Set<SpilledBytes.Place> = []
    return hits.filter { seen.insert(origin($0)).inserted }
  }

  private func fields(
    like first: Number, _ group: some Sequence<(String, String)>
  ) -> (names: [String], words: [UInt32]) {
    var names = layouts[layout(first)]
    var words = names.indices.map { word(first, $0) }
    for (name, value) in group {
      let word = number(of: value)
      if let known = names.firstIndex(of: name) {
        words[known] = word
      } else {
        names.append(name)
        words.append(word)
      }
    }
    return (names, words)
  }

  /// Those of several records, each once, in order.
  func entities(of hits: some Sequence<Number>) -> [Entity] {
    var seen: Set<UInt32> = []
    for hit in hits { seen.formUnion(entityWords(hit)) }
    return seen.compactMap(entity).sorted()
  }

  private func entityWords(_ hit: Number) -> ArraySlice<UInt32> {
    let row = rows[Int(hit)]
    return words[Int(row.firstEntity)..<Int(row.firstEntity) + Int(row.entityCount)]
  }

  /// What is told of a record; nil where it cannot be read back.
  func event(_ hit: Number) -> Event? {
    let row = rows[Int(hit)]
    guard let bytes = details.bytes(row.detail) else { return nil }
    return bytes.withView { detail in
      guard let (place, message) = detail.cut(0x0A), let locator = Locator(text: place.string) else { return nil }
      let clock = clocks[Int(row.clock)]
      return Event(
        time: Timestamp(nanoseconds: row.nanoseconds, precision: clock.precision, zone: clock.zone),
        dataType: dataType(hit), message: message.string,
        entities: entityWords(hit).compactMap(entity), locator: locator)
    }
  }

  func reference(_ hit: Number) -> EvidenceReference? {
    event(hit).map { EvidenceReference(artifact: artifact(hit), locator: $0.locator) }
  }
}
