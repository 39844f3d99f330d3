import Bytes
import CYara

/// A stretch of a process's address space whose bytes are at hand.
public struct YaraRegion {
  /// Address of the first byte.
  public var address: UInt64
  /// Must stay valid during the scan.
  public var bytes: ByteView

  public init(address: UInt64, bytes: ByteView) {
    self.address = address
    self.bytes = bytes
  }
}

extension YaraScanner {
  /// Scans the regions of one process as one object, the way `yara PID` scans a running one: offsets are virtual addresses,
  /// `filesize` is undefined, and a string is found where it lies within one region.
  ///
  /// Pages that follow each other in the address space and not in the image must be joined by the caller where strings
  /// across them matter. Regions may overlap (a match seen twice is told once) and should come by address.
  public func scan(
    regions: [YaraRegion], _ externals: Externals = Externals()
  ) throws(YaraError) -> Result {
    let walk = RegionWalk(regions)
    return try run(externals, flags: SCAN_FLAGS_PROCESS_MEMORY) { handle in
      withExtendedLifetime(walk) {
        var iterator = YR_MEMORY_BLOCK_ITERATOR()
        iterator.context = Unmanaged.passUnretained(walk).toOpaque()
        iterator.first = { iterator in RegionWalk.step(iterator, from: 0) }
        iterator.next = { iterator in RegionWalk.step(iterator, from: nil) }
        iterator.file_size = nil
        iterator.last_error = ERROR_SUCCESS
        return yr_scanner_scan_mem_blocks(handle, &iterator)
      }
    }
  }
}

/// The state of one walk over regions, as libyara's iterator wants it.
private final class RegionWalk {
  let regions: [YaraRegion]
  var next = 0
  /// The block that libyara looks at; it keeps the pointer until it asks for the next one.
  let block = UnsafeMutablePointer<YR_MEMORY_BLOCK>.allocate(capacity: 1)

  init(_ regions: [YaraRegion]) {
    self.regions = regions
    block.initialize(to: YR_MEMORY_BLOCK())
  }

  deinit { block.deallocate() }

  static func step(
    _ iterator: UnsafeMutablePointer<YR_MEMORY_BLOCK_ITERATOR>?, from start: Int?
  ) -> UnsafeMutablePointer<YR_MEMORY_BLOCK>? {
    guard let iterator, let context = iterator.pointee.context else { return nil }
    iterator.pointee.last_error = ERROR_SUCCESS
    let walk = Unmanaged<RegionWalk>.fromOpaque(context).takeUnretainedValue()
    if let start { walk.next = start }
    while walk.next < walk.regions.count {
      let region = walk.regions[walk.next]
      walk.next += 1
      guard region.bytes.count > 0 else { continue }
      walk.block.pointee.size = region.bytes.count
      walk.block.pointee.base = region.address
      walk.block.pointee.context = UnsafeMutableRawPointer(mutating: region.bytes.unsafeBytes.baseAddress)
      walk.block.pointee.fetch_data = { block in
        block?.pointee.context.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
      }
      return walk.block
    }
    return nil
  }
}
