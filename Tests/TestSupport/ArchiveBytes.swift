/// Archives made byte by byte, so that they can hold what no honest program writes.
public enum ArchiveBytes {
  /// One member of a tar.
  public struct TarMember {
    public var name: [UInt8]
    public var bytes: [UInt8]
    /// `0` file, `1` hard link, `2` symbolic link, `3` character device, `5` folder, `6` pipe.
    public var type: Character
    public var target: String

    public init(_ name: String, _ bytes: [UInt8] = [], type: Character = "0", target: String = "") {
      self.init(Array(name.utf8), bytes, type: type, target: target)
    }

    public init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    public init(_ name: [UInt8], _ bytes: [UInt8] = [], type: Character = "0", target: String = "") {
      self.name = name
      self.bytes = bytes
      self.type = type
      self.target = target
    }
  }

  /// A POSIX tar (ustar).
  public static func tar(_ members: [TarMember]) -> [UInt8] {
    members.flatMap { header($0, count: $0.bytes.count) + $0.bytes + padding($0.bytes.count, to: 512) }
      + [UInt8](repeating: 0, count: 1024)
  }

  /// A header that claims so many bytes.
  public static func header(_ member: TarMember, count: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: [UInt8], _ place: Int) { block.replaceSubrange(place..<place + bytes.count, with: bytes) }
    func octal(_ number: Int, _ digits: Int) -> [UInt8] {
      let text = String(number, radix: 8)
      return Array((String(repeating: "0", count: max(digits - text.count, 0)) + text).utf8)
    }
    put(Array(member.name.prefix(100)), 0)
    put(octal(0o644, 7), 100)
    put(octal(1000, 7), 108)
    put(octal(1000, 7), 116)
    put(octal(count, 11), 124)
    put(octal(1_795_584_157, 11), 136)
    put(Array(member.type.utf8), 156)
    put(Array(member.target.utf8.prefix(100)), 157)
    put(Array("ustar\u{0}00".utf8), 257)
    put([UInt8](repeating: 0x20, count: 8), 148)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6) + [0, 0x20], 148)
    return block
  }

  /// One member of a zip, stored as it is.
  public struct ZipMember {
    public var name: [UInt8]
    public var bytes: [UInt8]
    public var isEncrypted: Bool

    public init(_ name: String, _ text: String, isEncrypted: Bool = false) {
      self.init(Array(name.utf8), Array(text.utf8), isEncrypted: isEncrypted)
    }

    public init(_ name: [UInt8], _ bytes: [UInt8], isEncrypted: Bool = false) {
      self.name = name
      self.bytes = bytes
      self.isEncrypted = isEncrypted
    }
  }

  public static func zip(_ members: [ZipMember]) -> [UInt8] {
    var out: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let flags = little(
        UInt16(member.isEncrypted ? 1 : 0) | (String(validating: member.name, as: UTF8.self) == nil ? 0 : 0x800))
      let count = little(UInt32(member.bytes.count))
      // Version, flags, method 0 (stored), time, date, CRC-32, sizes, length of the name, of the extra field.
      let common =
        little(UInt16(20)) + flags + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0x5D79))
        + little(crc(member.bytes))
        + count + count + little(UInt16(member.name.count)) + little(UInt16(0))
      directory += [0x50, 0x4B, 1, 2] + little(UInt16(0x031E)) + common + [UInt8](repeating: 0, count: 6)
      directory += little(UInt32(0o100644) << 16) + little(UInt32(out.count)) + member.name
      out += [0x50, 0x4B, 3, 4] + common + member.name + member.bytes
    }
    let number = little(UInt16(members.count))
    return out + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + number + number + little(UInt32(directory.count))
      + little(UInt32(out.count)) + [0, 0]
  }

  /// A zstd stream of zeros, 128 KiB for each four bytes of it (RFC 8878, blocks of type RLE).
  public static func zstdZeros(_ count: Int) -> [UInt8] {
    let block = 128 << 10
    // No checksum, no content size, a window of 128 KiB.
    var out: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    var left = count
    repeat {
      let size = min(left, block)
      left -= size
      let head = UInt32(size) << 3 | 1 << 1 | (left == 0 ? 1 : 0)
      out += [
        UInt8(truncatingIfNeeded: head), UInt8(truncatingIfNeeded: head >> 8), UInt8(truncatingIfNeeded: head >> 16), 0,
      ]
    } while left > 0
    return out
  }

  /// A zstd stream of these bytes, not compressed (blocks of type raw).
  public static func zstd(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    var place = 0
    repeat {
      let end = min(place + (128 << 10), bytes.count)
      let head = UInt32(end - place) << 3 | (end == bytes.count ? 1 : 0)
      out += [
        UInt8(truncatingIfNeeded: head), UInt8(truncatingIfNeeded: head >> 8), UInt8(truncatingIfNeeded: head >> 16),
      ]
      out += bytes[place..<end]
      place = end
    } while place < bytes.count
    return out
  }

  private static func padding(_ count: Int, to block: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (block - count % block) % block)
  }

  private static func little(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
