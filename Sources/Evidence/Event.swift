import Bytes

/// One thing that a source recorded.
public struct Event: Hashable, Sendable {
  /// When, in UTC; nil where the source gives no time (a row of `netstat`). Such events are listed, not drawn.
  public var time: Timestamp?
  /// What the time means, in Plaso's words, so that Timesketch's analyzers keep working.
  public var timeMeaning: TimeMeaning
  /// Colon-separated, in Plaso's style: `aws:waf:request`, `linux:shell:command`.
  public var dataType: String
  /// One sentence for a reader, complete without the attributes.
  public var message: String {
    get {
      if let sentence { return sentence }
      var message = ""
      forEachPart { message += $0 }
      return message
    }
    set { sentence = newValue }
  }
  /// Nil where the sentence is what a program said, `sshd (pid 392): Accepted …`: it is put together of the attributes `program`, `pid`
  /// and `text` when it is asked for, for logs hold it by the million and most are never read.
  private var sentence: String?
  public var entities: [Entity]
  /// The record's own fields, in order, by the name in the source or the field's usual one. One JSON type a name, always.
  public var attributes: [Attribute]
  public var locator: Locator

  /// - Parameter message: nil for what a program said, as the attributes `program`, `pid` and `text` have it.
  public init(
    time: Timestamp?, _ timeMeaning: TimeMeaning = .event, dataType: String, message: String?, entities: [Entity] = [],
    attributes: [Attribute] = [], locator: Locator
  ) {
    self.time = time
    self.timeMeaning = timeMeaning
    self.dataType = dataType
    sentence = message
    self.entities = entities
    self.attributes = attributes
    self.locator = locator
  }

  /// Forgets a sentence of its own.
  public mutating func leaveMessageToAttributes() {
    if sentence != nil { sentence = nil }
  }

  /// Writes the message as a value of JSON, without making it first.
  func writeMessage(to out: inout JSONWriter) {
    if let sentence { return out.value(sentence) }
    out.text { out in forEachPart { out.part($0) } }
  }

  /// What a program said, after who it is: `sshd (pid 392): Accepted …`.
  private func forEachPart(_ body: (String) -> Void) {
    if let program = text("program") {
      body(program)
      if let pid = integer("pid") {
        body(" (pid ")
        body(String(pid))
        body(")")
      }
      body(": ")
    }
    if let said = text("text") { body(said) }
  }

  /// By what is said, however it is kept.
  public static func == (left: Event, right: Event) -> Bool {
    left.time == right.time && left.timeMeaning == right.timeMeaning && left.dataType == right.dataType
      && left.message == right.message && left.entities == right.entities && left.attributes == right.attributes
      && left.locator == right.locator
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(time)
    hasher.combine(dataType)
    hasher.combine(message)
    hasher.combine(locator)
  }

  /// The first attribute of that name.
  public subscript(_ name: String) -> Value? {
    // A look at the length, and no copies of what is passed over: detectors ask often.
    let length = name.utf8.count
    return attributes.withUnsafeBufferPointer { attributes in
      for index in attributes.indices
      where attributes[index].name.utf8.count == length && attributes[index].name == name {
        return attributes[index].value
      }
      return nil
    }
  }

  public func text(_ name: String) -> String? { self[name]?.text }

  public func integer(_ name: String) -> Int64? {
    if case .integer(let number)? = self[name] { return number }
    return nil
  }
}

/// Plaso's vocabulary (`plaso/lib/definitions.py`).
public enum TimeMeaning: String, Sendable, CaseIterable {
  case event = "Event Time"
  case recorded = "Recorded Time"
  case start = "Start Time"
  case end = "End Time"
  case modification = "Content Modification Time"
  case creation = "Creation Time"
  case change = "Metadata Modification Time"
  case access = "Last Access Time"
  case login = "Last Login Time"
  case logout = "Last Logout Time"
  case executed = "Last Time Executed"
  case exit = "Exit Time"
  case deletion = "Content Deletion Time"
}

public struct Attribute: Hashable, Sendable {
  public var name: String
  public var value: Value

  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }

  public init(_ name: String, _ text: String) { self.init(name, .text(text)) }
  public init(_ name: String, _ number: Int64) { self.init(name, .integer(number)) }
}

public enum Value: Hashable, Sendable {
  case text(String)
  case integer(Int64)
  case flag(Bool)
  case texts([String])

  /// The value as a reader sees it; a list joined by commas.
  public var text: String {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .texts(let texts): texts.joined(separator: ", ")
    }
  }
}

extension [Attribute] {
  /// Adds what is there; nil and empty text add nothing.
  public mutating func add(_ name: String, _ text: String?) {
    if let text, !text.isEmpty { append(Attribute(name, text)) }
  }

  /// Adds what is there, also where the source says that it is empty: rules may ask whether it is there at all.
  public mutating func keep(_ name: String, _ text: String?) {
    if let text { append(Attribute(name, text)) }
  }

  public mutating func add(_ name: String, _ number: Int64?) {
    if let number { append(Attribute(name, number)) }
  }

  public mutating func add(_ name: String, _ texts: [String]) {
    if !texts.isEmpty { append(Attribute(name, .texts(texts))) }
  }
}
