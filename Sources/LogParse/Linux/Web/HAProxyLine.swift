import Bytes
import Evidence

/// A request in HAProxy's HTTP log (`option httplog`), which goes to syslog. Its time has no zone, so syslog's own is taken. Valid
/// while the line is.
struct HAProxyLine {
  private let client: Endpoint
  private let frontend: ByteView
  private let server: ByteView
  private let status: Int64?
  private let bytes: Int64?
  private let request: ByteView

  // 203.0.113.9:5000 [25/Nov/2026:05:20:12.123] http-in web/s1 0/0/0/1/1 200 123 - - ---- 1/1/0/0/0 0/0 {x} "GET /a HTTP/1.1"
  init?(_ line: ByteView) {
    let words = line.slice(0, 1 << 16).words(limit: 8)
    guard words.count == 8, words[1][0] == 0x5B, words[1][words[1].count - 1] == 0x5D,
      let end = Endpoint(words[0]), end.address != nil, words[4].firstIndex(of: 0x2F) != nil,
      words[5].count == 3 || words[5] == "-1", let code = words[5].integer,
      // What was captured of headers stands in braces in front, and a quote in it is written as `#22`.
      let open = words[7].firstIndex(of: 0x22)
    else { return nil }
    client = end
    frontend = words[2]
    server = words[3]
    status = code < 0 ? nil : code
    bytes = words[6].integer
    let rest = words[7].slice(open + 1)
    request = rest.slice(0, rest.lastIndex(of: 0x22) ?? rest.count)
  }

  var event: Event {
    var attributes: [Attribute] = []
    attributes.addEndpoint("remote", client)
    attributes.add("frontend", frontend.string)
    attributes.add("server", server.string)
    let text = AccessLine.addRequest(request, to: &attributes)
    attributes.add("status", status)
    attributes.add("response_bytes", bytes)
    return Event(
      time: nil, dataType: "web:access:request", message: "\(client.text) asked for \(text).",
      entities: client.isSpecific ? [Entity(.address, client.address ?? "")] : [], attributes: attributes,
      locator: .whole)
  }
}
