/// Makes LiME dumps, sound and lying ones.
public struct LiMEBuilder {
  public var bytes: [UInt8] = []

  public init() {}

  /// A range.
  /// - Parameter last: the address that the header claims to be the last; the right one when nil.
  public mutating func range(_ start: UInt64, _ memory: [UInt8], last: UInt64? = nil) {
    header(start, last: last ?? start &+ UInt64(memory.count) &- 1)
    bytes.append(contentsOf: memory)
  }

  public mutating func header(_ start: UInt64, last: UInt64) {
    bytes.append(u32: 0x4C69_4D45)
    bytes.append(u32: 1)
    bytes.append(u64: start)
    bytes.append(u64: last)
    bytes.append(u64: 0)
  }
}
