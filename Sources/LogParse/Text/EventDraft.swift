import Bytes
import Evidence

/// An event that is made anew of an old one, for lines that come by the million.
///
/// Fields are put one after another. Where the old event had the same field in that place, only its value is changed: for lines
/// of one kind nothing is made and let go of but the texts that differ.
struct EventDraft {
  private(set) var event: Event
  private var attributeCount = 0
  private var entityCount = 0
  private let encodings: [String]

  /// - Parameter encodings: those of the locator of every event.
  init(encodings: [String] = []) {
    self.encodings = encodings
    event = Event(time: nil, .recorded, dataType: "", message: nil, locator: .whole)
  }

  /// Begins the next event: a program's words.
  mutating func begin(at time: Timestamp?) {
    event.time = time
    event.timeMeaning = .recorded
    event.leaveMessageToAttributes()
    attributeCount = 0
    entityCount = 0
  }

  /// Lets go of the fields of the event before that this one does not have.
  mutating func finish(dataType: String) {
    if event.dataType != dataType { event.dataType = dataType }
    event.attributes.removeLast(event.attributes.count - attributeCount)
    event.entities.removeLast(event.entities.count - entityCount)
  }

  /// Hands the event over, as that of a line. The next is made of what the sink gives back for it.
  mutating func hand(to sink: any ResultSink, _ line: TextLine) {
    place(at: line)
    give(to: sink)
  }

  /// The first half of `hand`, for an event that the next line may go on with.
  mutating func place(at line: TextLine) {
    event.locator.become(line: line.number, offset: line.offset, length: line.byteCount, encodings)
  }

  mutating func give(to sink: any ResultSink) { sink.exchange(&event) }

  /// A line that goes on with the event was read.
  mutating func reach(_ end: UInt64) { event.locator = event.locator.reaching(end) }

  /// Goes on with a text. False where there is none, or where it would be longer than the limit.
  mutating func lengthen(_ name: String, with text: ByteView, behind separator: String, limit: Int) -> Bool {
    guard let place = event.attributes.firstIndex(where: { $0.name == name }),
      case .text(var own) = event.attributes[place].value, own.utf8.count + text.count < limit
    else { return false }
    // Held once, so that it grows in place.
    event.attributes[place].value = .flag(false)
    own += separator
    own += text.string
    event.attributes[place].value = .text(own)
    return true
  }

  /// What another format reads out of the text: its sentence and its time, where it has one, and what the log itself does not say.
  mutating func put(_ other: Event) {
    event.message = other.message
    if let time = other.time { event.time = time }
    putNew(other.attributes, other.entities)
  }

  // MARK: Fields

  /// What a line of a log begins with, of which mostly two values alone differ from the line before: then they are changed and
  /// the rest is found to be the same, with one look at each list. False where the line before was another.
  mutating func putFront(program: String, pid: Int64, host: String, text: ByteView, isYearInferred: Bool) -> Bool {
    let count = isYearInferred ? 5 : 4
    guard attributeCount == 0, event.attributes.count >= count, entityCount == 0, !event.entities.isEmpty,
      event.entities[0].kind == .host, event.entities[0].value == host
    else { return false }
    let isSame = event.attributes.withUnsafeMutableBufferPointer { fields in
      guard fields[0].isText("program", program), fields[1].name == "pid", fields[2].isText("host", host),
        fields[3].name == "text", !isYearInferred || fields[4].isText("year", "inferred")
      else { return false }
      fields[1].value = .integer(pid)
      fields[3].value = .text(text.string)
      return true
    }
    guard isSame else { return false }
    attributeCount = count
    entityCount = 1
    return true
  }

  @inline(__always)
  mutating func put(_ name: String, _ value: consuming Value) {
    if attributeCount < event.attributes.count {
      event.attributes[attributeCount].become(name, value)
    } else {
      event.attributes.append(Attribute(name, value))
    }
    attributeCount += 1
  }

  /// A text that lines of one kind mostly share.
  mutating func put(_ name: String, _ text: String) {
    if attributeCount < event.attributes.count, event.attributes[attributeCount].isText(name, text) {
      attributeCount += 1
    } else {
      put(name, .text(text))
    }
  }

  /// A text that is made for this line.
  mutating func put(_ name: String, new text: consuming String) { put(name, .text(text)) }

  mutating func put(_ name: String, _ number: Int64) { put(name, .integer(number)) }
  mutating func put(_ attributes: [Attribute]) { for one in attributes { put(one.name, one.value) } }

  /// All but what the event says already.
  mutating func putNew(_ attributes: [Attribute], _ entities: [Entity]) {
    for one in attributes where !event.attributes.prefix(attributeCount).contains(where: { $0.name == one.name }) {
      put(one.name, one.value)
    }
    for one in entities where !event.entities.prefix(entityCount).contains(one) { put(one.kind, one.value) }
  }

  mutating func put(_ kind: Entity.Kind, _ value: String) {
    if entityCount < event.entities.count {
      event.entities[entityCount].become(kind, value)
    } else {
      event.entities.append(Entity(kind, value))
    }
    entityCount += 1
  }

  /// Puts what is there; nil and empty text put nothing.
  mutating func add(_ name: String, _ text: String?) {
    if let text, !text.isEmpty { put(name, text) }
  }

  /// A text that is made for this line, unless it is empty.
  mutating func add(_ name: String, new text: ByteView) {
    if !text.isEmpty { put(name, .text(text.string)) }
  }

  mutating func add(_ name: String, _ number: Int64?) {
    if let number { put(name, .integer(number)) }
  }
}

extension Attribute {
  @inline(__always)
  fileprivate func isText(_ name: String, _ text: String) -> Bool {
    guard self.name == name, case .text(let own) = value else { return false }
    return own == text
  }

  @inline(__always)
  fileprivate mutating func become(_ name: String, _ value: consuming Value) {
    if self.name != name { self.name = name }
    self.value = value
  }
}

extension Entity {
  @inline(__always)
  fileprivate mutating func become(_ kind: Kind, _ value: String) {
    // Not compared first: names and addresses are mostly others.
    self.kind = kind
    self.value = value
  }
}
