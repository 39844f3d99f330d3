import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// HTTP for callers that wait: worker threads ask and sleep, the event loops fill their buffers.
///
/// A client lives as long as the process, so that connections are used again whoever asks.
final class WebClient: Sendable {
  private static let all = Mutex<[Int: WebClient]>([:])

  private let client: HTTPClient

  /// - Parameter silence: seconds after which a silent connection is given up.
  static func shared(silence: Int = 30) -> WebClient {
    all.withLock { all in
      if let made = all[silence] { return made }
      let made = WebClient(silence: silence)
      all[silence] = made
      return made
    }
  }

  private init(silence: Int) {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(Int64(silence))))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    // Repeating is for the one who asks: it knows what is worth it.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    // The SDKs' variable for servers whose certificates a private authority signs.
    if let bundle = AWSEnvironment.process["AWS_CA_BUNDLE"] {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(bundle)
      configuration.tlsConfiguration = tls
    }
    let threads = min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 4)
    client = HTTPClient(
      eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: threads), configuration: configuration)
  }

  /// Sends a request and waits for the answer's end.
  ///
  /// - Parameters:
  ///   - target: takes the body of an answer 2xx; a longer body is a failure. Other answers' bodies are kept apart.
  ///   - limit: bytes of a body without target.
  ///   - within: seconds for all of it.
  func send(
    _ request: WebRequest, into target: UnsafeMutableRawBufferPointer? = nil, limit: Int = 1 << 20,
    within seconds: Int, stop: StopFlag? = nil
  ) throws(WebFailure) -> WebAnswer {
    let collector = AnswerCollector(target: target, limit: limit)
    do {
      let task = client.execute(
        request: try Self.made(request), delegate: collector, deadline: .now() + .seconds(Int64(seconds)))
      let number = stop?.add { task.cancel() }
      defer { if let number { stop?.remove(number) } }
      try task.wait()
    } catch {
      throw WebFailure(reason: collector.complaint ?? Self.words(error), partial: collector.close())
    }
    let answer = collector.close()
    if let complaint = collector.complaint { throw WebFailure(reason: complaint, partial: answer) }
    return answer
  }

  /// Sends a request whose answer is taken piece by piece.
  ///
  /// - Returns: the answer to come, and what lets it go.
  func flow(_ request: WebRequest, stop: StopFlag) throws(WebFailure) -> (
    answer: FlowingAnswer, cancel: @Sendable () -> Void
  ) {
    let answer = FlowingAnswer()
    do {
      let task = client.execute(request: try Self.made(request), delegate: answer)
      task.futureResult.whenComplete { result in
        if case .failure(let error) = result { answer.end(Self.words(error)) } else { answer.end(nil) }
      }
      let number = stop.add { task.cancel() }
      return (
        answer,
        {
          stop.remove(number)
          answer.close()
          task.cancel()
        }
      )
    } catch {
      throw WebFailure(reason: Self.words(error), partial: WebAnswer(status: 0, headers: [], body: [], received: 0))
    }
  }

  private static func made(_ request: WebRequest) throws -> HTTPClient.Request {
    var made = try HTTPClient.Request(url: request.url, method: HTTPMethod(rawValue: request.method))
    for (name, value) in request.headers { made.headers.add(name: name, value: value) }
    if !request.body.isEmpty || request.method == "PUT" || request.method == "POST" {
      made.body = .byteBuffer(ByteBuffer(bytes: request.body))
    }
    return made
  }

  private static func words(_ error: any Error) -> String {
    switch error as? HTTPClientError {
    case .connectTimeout?, .tlsHandshakeTimeout?: return "no connection within 10 seconds"
    case .readTimeout?, .deadlineExceeded?: return "the server fell silent"
    case .remoteConnectionClosed?: return "the server closed the connection"
    case .cancelled?: return "cancelled"
    case .invalidURL?, .emptyHost?: return "not a valid address"
    default: break
    }
    if let error = error as? NIOConnectionError {
      return error.dnsAError != nil && error.connectionErrors.isEmpty
        ? "the name \(error.host) is not known" : "no connection to \(error.host):\(error.port)"
    }
    if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
    if error is HTTPParserError { return "the server's answer was cut short or is not HTTP" }
    if error is NIOSSLError { return "TLS failed: \(printable(String(describing: error), 120))" }
    return printable(String(describing: error), 120)
  }
}

/// Text of strangers for a message: one line, printable ASCII, at most so many letters.
func printable(_ text: String, _ limit: Int) -> String {
  String(decoding: text.utf8.prefix(limit).map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
}

/// Ends requests under way when nobody wants them any more.
final class StopFlag: Sendable {
  private struct State {
    var isSet = false
    var next = 0
    var cancels: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  var isSet: Bool { state.withLock { $0.isSet } }

  func set() {
    let cancels = state.withLock { state in
      state.isSet = true
      defer { state.cancels = [:] }
      return Array(state.cancels.values)
    }
    for cancel in cancels { cancel() }
  }

  func add(_ cancel: @escaping @Sendable () -> Void) -> Int {
    let (number, isLate) = state.withLock { state in
      state.next += 1
      if !state.isSet { state.cancels[state.next] = cancel }
      return (state.next, state.isSet)
    }
    if isLate { cancel() }
    return number
  }

  func remove(_ number: Int) { state.withLock { _ = $0.cancels.removeValue(forKey: number) } }
}
