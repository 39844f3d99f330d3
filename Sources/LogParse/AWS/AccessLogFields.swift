import Bytes
import Evidence

/// The fields of an access log's line: words, `"quoted texts"` and `[times]`.
///
/// What clients send stands inside the quotes, so a quote ends a text only where a blank or the line's end follows and no
/// odd backslash stands before it.
struct AccessLogFields {
  private let fields: [ByteView]
  var all: [ByteView] { fields }

  /// - Parameter limit: fields that are looked at; more are ignored.
  init(_ line: ByteView, limit: Int = 128) {
    var fields: [ByteView] = []
    var place = 0
    while fields.count < limit {
      while line[place] == 0x20 || line[place] == 0x09 { place += 1 }
      if place >= line.count { break }
      let end: Int
      switch line[place] {
      case 0x22:
        end = Self.endOfQuoted(line, place)
        fields.append(line.slice(place + 1, end))
        place = end + 1
      case 0x5B:
        let close = line.firstIndex(of: 0x5D, from: place) ?? line.count
        // An IPv6 address and its port: `[2001:db8::7]:51341`.
        if line[close + 1] == 0x3A, close + 1 < line.count {
          end = line.firstIndex(of: 0x20, from: close) ?? line.count
          fields.append(line.slice(place, end))
          place = end
          continue
        }
        end = close
        fields.append(line.slice(place + 1, end))
        place = end + 1
      default:
        end = line.firstIndex(of: 0x20, from: place) ?? line.count
        fields.append(line.slice(place, end))
        place = end
      }
    }
    self.fields = fields
  }

  /// Fields that were told apart otherwise.
  init(_ fields: [ByteView]) { self.fields = fields }

  private static func endOfQuoted(_ line: ByteView, _ start: Int) -> Int {
    var place = start + 1
    while let quote = line.firstIndex(of: 0x22, from: place) {
      var slashes = 0
      while quote - 1 - slashes > start, line[quote - 1 - slashes] == 0x5C { slashes += 1 }
      if slashes % 2 == 0, quote + 1 == line.count || line[quote + 1] == 0x20 { return quote }
      place = quote + 1
    }
    return line.count
  }

  var count: Int { fields.count }

  /// The field at a place; empty where there is none.
  subscript(_ index: Int) -> ByteView { index >= 0 && index < fields.count ? fields[index] : ByteView("") }

  /// The text of a field; nil for a dash, and for nothing. Cut at 64 KiB.
  func text(_ index: Int) -> String? {
    let field = self[index]
    return field.isEmpty || field == "-" ? nil : field.slice(0, AWSRecords.maximumText).string
  }

  func integer(_ index: Int) -> Int64? { self[index].integer }

  /// Those of the attributes whose number no number can hold.
  func unread(_ attributes: (place: Int, name: String)...) -> [String] {
    attributes.compactMap { self[$0.place].isHugeNumber ? $0.name : nil }
  }

  /// An address and the port behind the last colon: IPv6 addresses have no brackets as AWS writes them, but may where a log
  /// was converted. What is no address is told as it stands; `entities` leaves it out.
  func end(_ index: Int) -> (address: String?, port: Int64?) {
    let field = self[index]
    guard let colon = field.lastIndex(of: 0x3A), let port = field.slice(colon + 1).integer else { return (nil, nil) }
    var host = field.slice(0, colon)
    if host[0] == 0x5B, host[host.count - 1] == 0x5D { host = host.slice(1, host.count - 1) }
    if host.isEmpty { return (nil, port) }
    return (IPAddress.normal(host) ?? host.string, port)
  }

  /// Those of the addresses that are some.
  static func entities(_ addresses: String?...) -> [Entity] {
    addresses.compactMap { $0?.withView(IPAddress.normal).map { Entity(.address, $0) } }
  }

  /// Whether a field has the form of an ISO 8601 time in UTC, be it one that a `Timestamp` holds or not: the rest of a record
  /// from a year far away is as good as any.
  func isTime(_ index: Int) -> Bool {
    let text = self[index]
    return text.count >= 20 && text[text.count - 1] == 0x5A && hasTimeForm(index)
  }

  /// The same, with or without a zone.
  func hasTimeForm(_ index: Int) -> Bool {
    let text = self[index]
    guard text.count >= 19 else { return false }
    return text[4] == 0x2D && text[7] == 0x2D && text[10] == 0x54 && text[13] == 0x3A && text[16] == 0x3A
      && [0, 5, 8, 11, 14, 17].allSatisfy { (0x30...0x39).contains(text[$0]) && (0x30...0x39).contains(text[$0 + 1]) }
  }

  /// The fields from a place on.
  func rest(from index: Int) -> [String] { fields.dropFirst(index).map { $0.slice(0, 4096).string } }
}

/// The first line of an HTTP request, as the client sent it: method, target, version.
struct RequestLine {
  var method: String?
  var scheme: String?
  var host: String?
  /// Path alone.
  var uri: String?
  var query: String?
  var version: String?

  /// `GET https://shop.example:443/login.do?id=1 HTTP/1.1`, or with a path alone. Parts that say `-` are left out.
  init(_ text: ByteView) {
    guard let (method, rest) = text.cut(0x20) else { return }
    self.method = Self.known(method)
    var target = rest
    // A target may hold blanks where a client sent them raw: the version is behind the last one.
    if let space = rest.lastIndex(of: 0x20), rest.slice(space + 1).hasPrefix("HTTP/") || rest.slice(space + 1) == "-" {
      version = Self.known(rest.slice(space + 1).trimmed)
      target = rest.slice(0, space)
    }
    target = target.trimmed
    if let place = target.firstIndex(of: ByteView("://")), place <= 8 {
      scheme = target.slice(0, place).string
      let after = target.slice(place + 3)
      let slash = after.firstIndex(of: 0x2F) ?? after.firstIndex(of: 0x3F) ?? after.count
      host = Self.withoutPort(after.slice(0, slash))
      target = after.slice(slash)
    }
    let (path, query) = target.cut(0x3F) ?? (target, ByteView(""))
    uri = Self.known(path.slice(0, AWSRecords.maximumText))
    self.query = query.isEmpty ? nil : query.slice(0, AWSRecords.maximumText).string
  }

  private static func known(_ text: ByteView) -> String? { text.isEmpty || text == "-" ? nil : text.string }

  private static func withoutPort(_ text: ByteView) -> String? {
    // A request that could not be parsed is written as `- http://shop.example:80- -`.
    let text = text[text.count - 1] == 0x2D ? text.dropLast(1) : text
    var host = text
    if let colon = text.lastIndex(of: 0x3A), text.slice(colon + 1).integer != nil { host = text.slice(0, colon) }
    return known(host[0] == 0x5B ? host.slice(1, host.count - 1) : host)
  }

  func add(to attributes: inout [Attribute]) {
    attributes.add("http_method", method)
    attributes.add("scheme", scheme)
    attributes.add("host", host)
    attributes.add("uri", uri)
    attributes.add("query", query)
    attributes.add("http_version", version)
  }

  /// `https://shop.example/login.do?id=1`, at most 4 KiB of it.
  var url: String {
    let start = scheme.map { "\($0)://\(host ?? "")" } ?? ""
    let whole = start + (uri ?? "") + (query.map { "?" + $0 } ?? "")
    return whole.utf8.count <= 4096 ? whole : String(decoding: Array(whole.utf8.prefix(4096)), as: UTF8.self) + "…"
  }
}

extension ByteView {
  /// Digits beyond 64 bits: the rest of the record is as good as any.
  var isHugeNumber: Bool {
    count >= 19 && integer == nil && (0..<count).allSatisfy { (0x30...0x39).contains(self[$0]) }
  }
}

extension FormatSample {
  /// Whether the sample's first line is a record, or most of those behind it are: a file that was cut or rotated begins in
  /// the middle of one, while a note that quotes one goes on as a note.
  func beginsWithRecords(_ isRecord: (ByteView) -> Bool) -> Bool {
    let lines = lines(8)
    guard let first = lines.first else { return false }
    if isRecord(first) { return true }
    let records = lines.dropFirst().count(where: isRecord)
    return records * 2 > lines.count - 1
  }
}
