import Bytes
import Foundation

/// A signature as the last member of a JSON line: `…,"signature":"BASE64"}`. What is signed is the line without it, so that
/// `sed 's/,"signature":"[^"]*"}$/}/'` gives the message that `openssl pkeyutl -verify -rawin` checks.
enum CustodySignature {
  private static let mark: StaticString = #","signature":""#

  /// - Parameter line: a JSON object with a member, without a line end.
  static func add(_ signature: [UInt8], to line: [UInt8]) -> [UInt8] {
    line.dropLast() + Array(#","signature":"\#(Data(signature).base64EncodedString())"}"#.utf8)
  }

  /// The message and its signature; nil where the line has none.
  static func split(_ line: ByteView) -> (message: [UInt8], signature: [UInt8])? {
    // 64 bytes are 88 characters of Base64, and `"}` follows them.
    let start = line.count - 90 - mark.utf8CodeUnitCount
    guard start > 0, line.slice(start).hasPrefix(mark), line.hasSuffix("\"}"),
      let signature = Data(base64Encoded: Data(line.slice(line.count - 90, line.count - 2).array))
    else { return nil }
    return (line.slice(0, start).array + [0x7D], [UInt8](signature))
  }
}
