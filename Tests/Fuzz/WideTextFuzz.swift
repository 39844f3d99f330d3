import Foundation

@testable import Bytes

private func text(_ bytes: [UInt8], by size: Int) -> [UInt8] {
  guard let stream = try? WideTextStream(MemoryStream(bytes)) else { return [] }
  var out: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: size)
  while true {
    let count = buffer.withUnsafeMutableBytes { (try? stream.read(into: $0)) ?? 0 }
    if count == 0 { return out }
    precondition(count <= size)
    out += buffer.prefix(count)
  }
}

/// Wide characters in both byte orders: whatever is read at once the text is the same, and it is what the standard library
/// makes of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWideText(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  for mark in [[0xFF, 0xFE], [0xFE, 0xFF]] as [[UInt8]] {
    let whole = mark + bytes
    if whole.starts(with: [0xFF, 0xFE, 0, 0]) { continue }
    let found = text(whole, by: 1 << 17)
    precondition(found == text(whole, by: 1 + count % 300), "what is read at once changes the text")
    let isLittle = mark[0] == 0xFF
    let units = stride(from: 0, to: whole.count - 1, by: 2).map { (place: Int) -> UInt16 in
      let first = UInt16(whole[place])
      let second = UInt16(whole[place + 1])
      return isLittle ? second << 8 | first : first << 8 | second
    }
    if whole.count % 2 == 0 {
      precondition(found == Array(String(decoding: units, as: UTF16.self).utf8), "another text than the library's")
    }
  }
  precondition(text(bytes, by: 1 << 12) == text(bytes, by: 1 + count % 300), "what is read at once changes the text")
  // Half of the input as letters, so that text without a mark is met.
  for isLittle in [true, false] {
    let plain = bytes.map { 0x20 + $0 % 0x5F }
    let wide: [UInt8] = plain.flatMap { byte -> [UInt8] in isLittle ? [byte, 0] : [0, byte] }
    if plain.count >= 16 { precondition(text(wide, by: 1 + count % 300) == plain, "wide letters are not read") }
  }
  return 0
}
