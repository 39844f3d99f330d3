import Bytes
import Foundation
import TestSupport
import Testing

@testable import MemoryParse

struct LZOTests {
  /// A page of lines.
  static let text: [UInt8] = Array(
    (0..<400).map { "event \($0) of the log, user \($0 * $0 % 7)\n" }.joined().utf8.prefix(4096))
  /// Made by liblzo2 (`lzo1x_1_compress`).
  static let packedText = decoded(
    "AAlldmVudCAwIG9mIHRoZSBsb2csIHVzZXIgMAqpAzEwaQAxyQMyMGkANMkDMzBpADLJAzQ4aQA1MGkANNUGNjBpADHJAzcwaQAwyQM4MGgA9QY5"
      + "MGgA7Q0xMTgE9hcxMTDcACdtADIwbAAnTAExRQQx1RQxMUkEMO0DNTBMASfcADFRBDT8BjFUBCecAjFYBCdsADldBDIxXATuETIxMJ0CMM4RMjIw"
      + "bQAx7AMxXATtGDIxXAT+FDI1MEwBJ2wAOV0EMjFcBCcsAjFcBCcMAzFcBP0GMzFdBDTeGzMxOJ4CMzI5bAA5XQQzMV0EMf0NNTBNATDsAzFcBCfc"
      + "ADFdBDT8BjFcBO0tMzFcBO0DNDleBDQxMJwC7hE0MjBtADDNETQxXQQx7AMxXATuGDQ1MEwBJ5wCMVwEJ2wAOV0ENDFcBCcsAjFcBO0YNTFcBP4G"
      + "NTEwnQI03hs1MjBsAP0UNTFcBCdsADleBDU1ME0BMfwNMV0EMOwDMVwEJ9wAMV0ENPwGMVwE/RQ2MVwEJ20AMTCcAu4KNjIwbQAx3Q02MV0EMOwD"
      + "MVwEJ90ANTBNATT8BjFcBCecAjFcBCdsADldBDYxXATtETcxXATuGDcxMJwCJ90AMjBsAO0YNzFcBP0UNzFcBCdtADU5TAExXQQxzSY3MV0EMOwD"
      + "MVwEJ9wAMV0ENN0GODFcBP4UODEwnAInbQAyMGwAJ0wBMV0EMfwNMV0EMO0DNTBMASfcADFdBDT8BjFcBCecAjFcBCdsADldBDkxXATuETkxMJ0C"
      + "MM4ROTIwbQAx7AMxXATtGDkxXAT+FDk1MEwBJ2wAOV0EOTFcBCcsAjFcBCcMAzFcBP4GMTAxYQQ0wxwxMDE4pwIxMDI6cAA5bgQxMDFxBDEnzQE1"
      + "MFkBMCdwADF4BCjkADF9BDQn5AAxgATyLjEwMYQEJ3AAMugrJ1gBMuwrJ0ICMTI5KQMxMYUEMfQVMvgrKM0BNTBYASi0AjGEBChwADqFBDExhAQo"
      + "QAIxhAQnVAY6ESwxMhUsNPwcMhgsJ7UCMjGEBChwADEMCShZATUwhAQnKQMyMYQEKCgDMYQEKOQAMYUENCcoAzGEBCe0AjI4LChxADEwtAInWAEy"
      + "QCwnQQIzMYUEMOASOkssMTM1OswBMYQEKLQCMYQEKHAAOoQEMlwsJygDMmAsJygDOmUsMTJpLDTwIDJsLCe1AjQqDAkHLCB1c2VyIDIKZREAAA=="
  )
  static let packedZeros = decoded(
    "AgAAAAAAIAAAAAAAAAAAAAAAAAAAANoQAAwAAAAAAAAAAAAAAAAAAAARAAA=")
  /// 96 bytes of noise, 20,000 zeros, the same 96 bytes, 300 other ones, 40 of the first again, then zeros up to 64 KiB.
  static let packedFar = decoded(
    "AFPGfoFrS/vi+1T2vd98HOGHAb8x3lZyD0dnZodZqog8WepWE3vShaHYPFRVLzeuZVvaAnmYzOMado5f2ZmPHz827kN4TQ36vqba5IaO3CltTv"
      + "9W4XAg+4+xWAWQxQncU80AAAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAAAAAAAAAAAAAAAABIDAAQVwA6AAAjjCH/cu3XGNlOE5UT3Btj/JMG9r+c5QbgbbAKBZ/ydYeONLO8syviAsChUYyAI7nsbW89ZA6cI+"
      + "wXB1ADPwGFNt86XHFP7AAJAMevhVmg8TBT2JVf041wgsqD1e0P0dNk90sxaLqzK0SFnunWXijDHrxXN4jiUKb5/zzRnAf3F2lPf2x66xcZDcc+"
      + "NliIU+cQIAVZuDN8e6otSX3mIA4Jnl7tRH3asYO7P7/N4s67FV34+TTFv6qo683DD6VRrGFZna7wS4EZIaZlOOhMKPYFXbxMAIl9cuUWVsHAsJ"
      + "Jq1/SD2aq71eerJq/CvW6PnG5p4hb122Zr6oJAXcff3eAjxomHqKXQstmUmHWGIPpHCtflb0uTcS5vhwStXgsnpfwnJtAj4WkTY0eVaHk7xn6B"
      + "a0v74vsQFzBAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAGA8PxAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC8bDgLAAAAAAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAsAAAABAAAAAAAAAAAAAAAAAAAAAAAAABEAAA==")

  static func decoded(_ text: String) -> [UInt8] { Data(base64Encoded: text).map { [UInt8]($0) } ?? [] }

  func decode(_ packed: [UInt8], room: Int) -> [UInt8]? {
    var out = [UInt8](repeating: 0xEE, count: room)
    let count = packed.withView { view in out.withUnsafeMutableBytes { LZO.decode(view, into: $0) } }
    return count.map { Array(out[0..<$0]) }
  }

  @Test func whatTheLibraryPacks() {
    #expect(decode(Self.packedText, room: 4096) == Self.text)
    #expect(decode(Self.packedZeros, room: 4096) == [UInt8](repeating: 0, count: 4096))
    let start = noise(96, seed: 1)
    let far = start + [UInt8](repeating: 0, count: 20_000) + start + noise(300, seed: 2) + start.prefix(40)
    let whole = far + [UInt8](repeating: 0, count: 65536 - far.count)
    #expect(decode(Self.packedFar, room: 65536) == whole)
  }

  @Test func tooLittleRoomIsRefused() {
    for room in [0, 1, 100, 4095] { #expect(decode(Self.packedText, room: room) == nil) }
    #expect(decode(Self.packedText, room: 5000) == Self.text)
  }

  @Test func aCutStreamIsRefused() {
    for count in 0..<Self.packedText.count { #expect(decode(Array(Self.packedText.prefix(count)), room: 4096) == nil) }
    #expect(decode(Self.packedText + [0], room: 4096) == nil)
  }

  @Test func everyChangedByteIsSurvived() {
    for place in Self.packedText.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var packed = Self.packedText
        packed[place] ^= change
        if let out = decode(packed, room: 4096) { #expect(out.count <= 4096) }
      }
    }
  }

  @Test func distancesBeforeTheStartAreRefused() {
    // One literal, then a copy from four bytes before.
    #expect(decode([18, 0x41, 0x40 | 3 << 2, 0, 17, 0, 0], room: 64) == nil)
    #expect(decode([18, 0x41, 0x40, 0, 17, 0, 0], room: 64) == [0x41, 0x41, 0x41, 0x41])
  }
}
