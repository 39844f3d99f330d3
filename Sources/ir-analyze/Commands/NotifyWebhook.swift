import AsyncHTTPClient
import Bytes
import Foundation
import NIOCore
import NIOHTTP1

/// Posts a message to a webhook, waits when it is told to, and gives up in the end.
///
/// The address is a secret in itself: what is said of a failure names its host only.
struct Webhook {
  /// Longest wait in seconds that one answer may ask for, and all of them together.
  static let longestWait = 120.0
  static let longestWaits = 300.0

  let url: URL
  let attempts: Int
  let host: String

  /// - Throws: usage, where the address is none, or would carry its secret over the network in the clear.
  init(_ text: String, attempts: Int) throws {
    guard let url = URL(string: text), let host = url.host, let scheme = url.scheme?.lowercased(), !host.isEmpty else {
      throw ExitStatus.Failure(.usage, "the webhook is no address: it begins with https://")
    }
    let isHere = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    guard scheme == "https" || scheme == "http" && isHere else {
      throw ExitStatus.Failure(.usage, "the webhook must be an https address: its path is a secret")
    }
    self.url = url
    self.attempts = attempts
    self.host = Terminal.printable(host)
  }

  func post(_ body: [UInt8], wait: (Double) -> Void = { Thread.sleep(forTimeInterval: $0) }) throws {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(20)))
    configuration.httpVersion = .http1Only
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    defer { try? client.syncShutdown() }
    var waited = 0.0
    for attempt in 1...max(attempts, 1) {
      let answer = send(body, client)
      switch answer {
      case .taken: return
      case .refused(let reason): throw ExitStatus.Failure(.internalError, "\(host) did not take the message: \(reason)")
      case .later(let reason, let seconds):
        let delay = seconds ?? min(pow(2, Double(attempt - 1)), 30)
        guard attempt < attempts, delay <= Self.longestWait, waited + delay <= Self.longestWaits else {
          let asked = seconds.map { ", and asks to wait \(Int(min($0, 1e6).rounded(.up))) s" } ?? ""
          throw ExitStatus.Failure(
            .internalError,
            "\(host) did not take the message after \(attempt) attempts: \(reason)\(asked); run again later")
        }
        Terminal.tell("\(host): \(reason); trying again in \(Int(delay.rounded(.up))) s")
        wait(delay)
        waited += delay
      }
    }
  }

  private enum Answer {
    case taken
    case refused(String)
    /// Not now; with the seconds that the service asks to wait.
    case later(String, Double?)
  }

  private func send(_ body: [UInt8], _ client: HTTPClient) -> Answer {
    do {
      var request = try HTTPClient.Request(url: url, method: .POST)
      request.headers.add(name: "Content-Type", value: "application/json")
      request.headers.add(name: "User-Agent", value: "ir-analyze/\(IRAnalyze.version)")
      request.body = .byteBuffer(ByteBuffer(bytes: body))
      // What the service says of a refusal is a line; more is not read.
      let reader = ResponseAccumulator(request: request, maxBodySize: 1 << 16)
      let response = try client.execute(request: request, delegate: reader, deadline: .now() + .seconds(30)).wait()
      return Self.judge(response)
    } catch is HTTPClientError {
      return .later("no answer", nil)
    } catch is ResponseAccumulator.ResponseTooBigError {
      return .refused("its answer is longer than 64 KiB")
    } catch {
      return .later("no connection", nil)
    }
  }

  private static func judge(_ response: HTTPClient.Response) -> Answer {
    let said = response.body.map { String(decoding: $0.readableBytesView.prefix(200), as: UTF8.self) } ?? ""
    let reason = "\(response.status.code)" + (said.isEmpty ? "" : " \(Terminal.printable(said))")
    switch response.status.code {
    case 200..<300: return .taken
    case 429: return .later("429, too many messages", pause(response))
    case 408, 500..<600: return .later(reason, pause(response))
    default: return .refused(reason)
    }
  }

  /// `Retry-After` in seconds or as a date; Discord also says it in the body, with fractions.
  private static func pause(_ response: HTTPClient.Response) -> Double? {
    var found: [Double] = []
    if let text = response.headers.first(name: "Retry-After") {
      if let seconds = Double(text.trimmingCharacters(in: .whitespaces)) {
        found.append(seconds)
      } else if let date = HTTPDate.read(text) {
        found.append(date.timeIntervalSinceNow)
      }
    }
    if let body = response.body {
      let bytes = Array(body.readableBytesView)
      if let seconds = bytes.withView({ JSONView($0)["retry_after"]?.double }) { found.append(seconds) }
    }
    guard let longest = found.filter({ $0.isFinite }).max() else { return nil }
    return max(longest, 0)
  }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
  static func read(_ text: String) -> Date? {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return formatter.date(from: text)
  }
}
