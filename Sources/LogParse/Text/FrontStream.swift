import Bytes

/// A stream whose first bytes can be looked at before they are read: for what only several lines together settle.
final class FrontStream: ByteStream {
  /// The first bytes, as many as were asked for; fewer only where the stream ends.
  let front: [UInt8]
  /// Whether `front` is all there is.
  let isWhole: Bool
  private let stream: any ByteStream
  private var place = 0

  init(_ stream: any ByteStream, count: Int = 1 << 16) throws(BytesError) {
    self.stream = stream
    front = try stream.readFront(count)
    isWhole = front.count < count
  }

  var damage: String? { stream.damage }
  var encodings: [String] { stream.encodings }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard place < front.count else { return try stream.read(into: buffer) }
    let count = min(buffer.count, front.count - place)
    buffer.copyBytes(from: front[place..<place + count])
    place += count
    return count
  }

  /// The first lines, without one that may be cut.
  func lines<Found>(_ number: Int, _ body: (ByteView) -> Found?) -> [Found] {
    front.withView { FormatSample(head: $0, path: "", isWhole: isWhole).lines(number).compactMap(body) }
  }
}
