import Bytes

/// What a request's query says, made plain.
enum QueryValues {
  /// The values of a request's query or form, decoded, a line each: `?cmd=nc+-e+/bin/sh+…`. nil where none is encoded.
  static func plain(_ text: ByteView) -> [UInt8]? {
    var out = wholeQuery(text)
    var from = 0
    while let equals = text.firstIndex(of: 0x3D, from: from) {
      var start = equals
      while start > 0, equals - start < 64, isWordByte(text[start - 1]) || isAny(text[start - 1], of: "-[].%") {
        start -= 1
      }
      var end = equals + 1
      while end < text.count, text[end] > 0x20, text[end] != 0x26, text[end] != 0x22 {
        if text[end] == 0x27 {
          // `exec:'bash%20-li',pty`: quotes that pair up within the value are its own.
          guard let close = quoted(text, end) else { break }
          end = close
        }
        end += 1
      }
      from = end
      let value = text.slice(equals + 1, end)
      // Behind a path, another value, a header's end or name, or a quote.
      guard start < equals, start == 0 || isAny(text[start - 1], of: "?&\n \"';:"),
        value.firstIndex(of: 0x25) != nil || value.firstIndex(of: 0x2B) != nil
      else { continue }
      out += Encodings.undoForm(value).bytes + [0x0A]
    }
    return out.isEmpty ? nil : out
  }

  private static func quoted(_ text: ByteView, _ open: Int) -> Int? {
    var end = open + 1
    while end - open < 256, text[end] > 0x20, text[end] != 0x22, text[end] != 0x26, text[end] != 0x27 { end += 1 }
    return text[end] == 0x27 ? end : nil
  }

  /// A query that is a command, or that a command's own signs cut: `?cd+/tmp;nc+…`, `?ip=1;bash+-i+>&+/dev/…`.
  private static func wholeQuery(_ text: ByteView) -> [UInt8] {
    guard let mark = text.firstIndex(of: 0x3F) else { return [] }
    var end = mark + 1
    while end < text.count, text[end] > 0x20, text[end] != 0x22 { end += 1 }
    let query = text.slice(mark + 1, end)
    guard query.firstIndex(of: 0x2B) != nil,
      query.firstIndex(of: 0x3D) == nil || query.firstIndex(of: 0x3B) != nil || query.firstIndex(of: 0x7C) != nil
        || query.contains(">&")
    else { return [] }
    return Encodings.undoForm(query).bytes + [0x0A]
  }
}
