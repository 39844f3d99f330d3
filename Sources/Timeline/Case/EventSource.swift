import Evidence

/// Events of a whole case, one at a time: ten million of them must not have to be in memory.
public protocol EventSource {
  /// The next event with the artifact that it was read from; nil after the last. In any order.
  mutating func next() throws -> (artifact: Digest, event: Event)?
}

/// Events that are in memory already.
public struct EventList: EventSource {
  private let events: [(artifact: Digest, event: Event)]
  private var place = 0

  public init(_ events: [(artifact: Digest, event: Event)]) { self.events = events }

  public mutating func next() -> (artifact: Digest, event: Event)? {
    guard place < events.count else { return nil }
    defer { place += 1 }
    return events[place]
  }
}
