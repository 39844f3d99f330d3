/// Fills holes of the kernel's types from other copies in the dump (left over from unpacking the kernel at boot).
enum BTFRepair {
  struct Copy: Equatable {
    var physical: UInt64
    var byteCount: Int
  }

  private static let piece = 4096

  /// - Parameters:
  ///   - blob: with zeros where the dump has holes.
  ///   - physical: where the blob was read.
  static func fill(_ blob: [UInt8], from copies: [Copy], _ memory: PhysicalMemory, at physical: UInt64) -> [UInt8] {
    var blob = blob
    for copy in copies where copy.physical != physical && copy.byteCount <= blob.count {
      let (other, _) = memory.bytes(copy.physical, copy.byteCount)
      for start in stride(from: 0, to: other.count, by: piece) {
        let range = start..<min(start + piece, other.count)
        for place in range where blob[place] == 0 { blob[place] = other[place] }
      }
    }
    return blob
  }
}
