import Bytes
import Evidence
import Timeline

/// Where a report gets the bytes of its evidence from; it knows no store itself.
public protocol ExcerptSource {
  /// The bytes around a place.
  ///
  /// - Parameters:
  ///   - before: bytes wanted before the place, so that a secret that begins there is known as one.
  ///   - count: bytes wanted from the place on.
  /// - Returns: nil where the bytes cannot be had cheaply; else them, with the offset or address of the first and how many
  ///   of them lie before the place.
  mutating func bytes(at place: EvidenceReference, before: Int, count: Int) -> (
    bytes: [UInt8], start: UInt64, before: Int
  )?
}

/// A few bytes of evidence as hexadecimal and text, secrets taken out.
struct Excerpt: Hashable {
  /// Six lines of sixteen.
  static let count = 96
  /// A session token is longer than a thousand bytes; what begins further ahead is not known for one.
  private static let lookAround = 2048

  /// `offset  hex  text`, safe to print anywhere.
  var lines: [String]

  init?(_ place: EvidenceReference, from source: inout some ExcerptSource) {
    guard let found = source.bytes(at: place, before: Self.lookAround, count: Self.lookAround), !found.bytes.isEmpty
    else { return nil }
    let length = min(Int(clamping: place.locator.length ?? UInt64(Self.count)), Self.count)
    let start = min(max(found.before, 0), found.bytes.count)
    let end = min(start + max(length, 16), found.bytes.count)
    guard start < end else { return nil }
    var hidden = [Bool](repeating: false, count: found.bytes.count)
    found.bytes.withView { view in
      for range in SecretMask.ranges(in: view) {
        for index in range where hidden.indices.contains(index) { hidden[index] = true }
      }
    }
    lines = stride(from: start, to: end, by: 16).map { row in
      let cells = row..<min(row + 16, end)
      let hex = cells.map { hidden[$0] ? "**" : Self.hex(found.bytes[$0]) }.joined(separator: " ")
      let text = cells.map { index -> Character in
        let byte = found.bytes[index]
        return hidden[index] ? "*" : (0x20..<0x7F).contains(byte) ? Character(Unicode.Scalar(byte)) : "."
      }
      let place = String(found.start &+ UInt64(row), radix: 16)
      return String(repeating: "0", count: max(8 - place.count, 0)) + place + "  "
        + hex.padding(to: 47) + "  " + String(text)
    }
  }

  private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(width - utf8.count, 0)) }
}
