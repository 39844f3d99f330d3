import Bytes
import Evidence

/// An event that is made anew in the same place, for lines that come by the million.
///
/// Fields are put one after another. Where the line before had the same field in that place, only its value is changed: for lines
/// of one kind nothing is made and let go of but the texts that differ.
struct EventDraft {
  private(set) var event: Event
  private var attributeCount = 0
  private var entityCount = 0

  /// - Parameter encodings: those of the locator of every event.
  init(encodings: [String] = []) {
    event = Event(
      time: nil, .recorded, dataType: "", message: nil, locator: Locator(offset: 0, length: 0, encodings: encodings))
  }

  /// Begins the next event: a program's words, unless a message is given.
  ///
  /// - Parameter isFresh: the one before is still in use elsewhere, so its lists must be left alone.
  mutating func begin(at time: Timestamp?, isFresh: Bool) {
    event.time = time
    attributeCount = 0
    entityCount = 0
    guard isFresh else { return }
    event.attributes = []
    event.attributes.reserveCapacity(12)
    event.entities = []
    event.entities.reserveCapacity(4)
  }

  /// Lets go of the fields of the event before that this one does not have.
  mutating func finish(dataType: String) {
    if event.dataType != dataType { event.dataType = dataType }
    event.attributes.removeLast(event.attributes.count - attributeCount)
    event.entities.removeLast(event.entities.count - entityCount)
  }

  /// Hands the event over in its place, as that of a line.
  mutating func hand(to sink: any ResultSink, _ line: TextLine) {
    event.locator.line = line.number
    event.locator.offset = line.offset
    event.locator.length = line.byteCount
    hand(to: sink)
  }

  /// Not inlined: only of an argument of its own does the compiler see that nothing else changes it, and makes no copy of it.
  @inline(never)
  private mutating func hand(to sink: any ResultSink) { sink.event(event) }

  // MARK: Fields

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
    self.kind = kind
    if self.value != value { self.value = value }
  }
}
