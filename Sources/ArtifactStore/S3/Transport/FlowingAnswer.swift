import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// An answer whose body is taken piece by piece, as the caller has room: meanwhile nothing is read from the connection.
///
/// - Note: `@unchecked`: everything that changes is read and written under `condition`; the caller's buffer is written only while
///   `fill` waits.
final class FlowingAnswer: HTTPClientResponseDelegate, @unchecked Sendable {
  private struct Refused: Error {}

  private let condition = NSCondition()
  private let asked = ContinuousClock.now

  // Under the condition:
  private var answer = WebAnswer(status: 0, headers: [], body: [], received: 0)
  private var target: UnsafeMutableRawBufferPointer?
  private var filled = 0
  private var waiting: (bytes: ByteBuffer, promise: EventLoopPromise<Void>)?
  private var isWhole = false
  private var failure: String?
  private var silence: Double?

  /// Bytes of an answer that is not the object.
  private static let limit = 1 << 20

  deinit { waiting?.promise.fail(Refused()) }

  /// Seconds from the request to the first byte of its answer; nil before it.
  var secondsToAnswer: Double? {
    condition.lock()
    defer { condition.unlock() }
    return silence
  }

  /// Waits until the buffer is full or the answer has ended.
  ///
  /// - Parameter seconds: in all; a server that trickles is left then.
  /// - Returns: the answer's head, with the bytes that came into this buffer.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, within seconds: Double) throws(WebFailure) -> WebAnswer {
    condition.lock()
    defer { condition.unlock() }
    target = buffer
    filled = 0
    takeWaiting()
    let deadline = Date(timeIntervalSinceNow: seconds)
    while !isWhole, failure == nil, !(isGood && filled == buffer.count) {
      if !condition.wait(until: deadline) { failure = "the server fell silent" }
    }
    target = nil
    var answer = answer
    answer.received = filled
    if let failure, !(isGood && filled == buffer.count) { throw WebFailure(reason: failure, partial: answer) }
    return answer
  }

  /// Lets go what still comes.
  func close() {
    condition.lock()
    failure = failure ?? "closed"
    let left = waiting
    waiting = nil
    condition.broadcast()
    condition.unlock()
    left?.promise.fail(Refused())
  }

  /// Told by the client how the exchange ended.
  func end(_ reason: String?) {
    condition.lock()
    if let reason { failure = failure ?? reason } else { isWhole = true }
    condition.broadcast()
    condition.unlock()
  }

  private var isGood: Bool { (200..<300).contains(answer.status) }

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    condition.lock()
    answer.status = Int(head.status.code)
    // A hundred headers are more than any server sends.
    answer.headers = head.headers.prefix(100).map { ($0.name.lowercased(), $0.value) }
    silence = (ContinuousClock.now - asked) / .seconds(1)
    condition.unlock()
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    condition.lock()
    defer { condition.unlock() }
    if failure != nil { return task.eventLoop.makeFailedFuture(Refused()) }
    guard isGood else {
      answer.body.append(contentsOf: buffer.readableBytesView.prefix(Self.limit - answer.body.count))
      return task.eventLoop.makeSucceededVoidFuture()
    }
    var left = buffer
    take(&left)
    if left.readableBytes == 0 { return task.eventLoop.makeSucceededVoidFuture() }
    let promise = task.eventLoop.makePromise(of: Void.self)
    waiting = (left, promise)
    return promise.futureResult
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {}

  private func takeWaiting() {
    guard var left = waiting else { return }
    waiting = nil
    take(&left.bytes)
    if left.bytes.readableBytes > 0 { waiting = left } else { left.promise.succeed(()) }
  }

  private func take(_ bytes: inout ByteBuffer) {
    guard let target else { return }
    bytes.readWithUnsafeReadableBytes { readable in
      let count = min(readable.count, target.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: target[filled..<(filled + count)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: readable[..<count]))
      filled += count
      return count
    }
    if filled == target.count { condition.broadcast() }
  }
}
