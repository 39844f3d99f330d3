import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Takes one answer from the event loop: a good one into the caller's buffer, any other into one of its own.
///
/// - Note: `@unchecked` for the pointer: it is written only on the event loop and before `close`, which the waiting caller calls
///   before it looks at its buffer.
final class AnswerCollector: HTTPClientResponseDelegate, @unchecked Sendable {
  private struct State {
    var answer = WebAnswer(status: 0, headers: [], body: [], received: 0)
    var filled = 0
    var complaint: String?
    var isClosed = false
  }

  private struct Refused: Error {}

  private let target: UnsafeMutableRawBufferPointer?
  private let limit: Int
  private let state = Mutex(State())

  init(target: UnsafeMutableRawBufferPointer?, limit: Int) {
    self.target = target
    self.limit = limit
  }

  /// Why the answer was refused while it came; nil when it was not.
  var complaint: String? { state.withLock { $0.complaint } }

  /// Ends the writing, and says what came. `received` counts bytes in the caller's buffer, or in `body` without one.
  func close() -> WebAnswer {
    state.withLock { state in
      state.isClosed = true
      var answer = state.answer
      answer.received = target == nil ? answer.body.count : state.filled
      return answer
    }
  }

  func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
    state.withLock { state in
      state.answer.status = Int(head.status.code)
      // A hundred headers are more than any server sends, and a name is at most what the parser lets through (80 KiB).
      state.answer.headers = head.headers.prefix(100).map { ($0.name.lowercased(), $0.value) }
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      return buffer.withUnsafeReadableBytes { take($0, &state) }
    }
    return isTaken ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(Refused())
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Bool {
    if let target, (200..<300).contains(state.answer.status) {
      guard bytes.count <= target.count - state.filled else {
        state.complaint = "the server sent more bytes than were asked for"
        return false
      }
      UnsafeMutableRawBufferPointer(rebasing: target[state.filled...]).copyMemory(from: bytes)
      state.filled += bytes.count
      return true
    }
    guard bytes.count <= limit - state.answer.body.count else {
      state.complaint = "the server's answer is longer than \(limit) bytes"
      return false
    }
    state.answer.body.append(contentsOf: bytes)
    return true
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {}
}
