import Bytes
import CYara

/// A stretch of an address space that is fetched when libyara comes to it.
public struct YaraBlock: Hashable, Sendable {
  /// Address of the first byte.
  public var address: UInt64
  public var byteCount: Int

  public init(address: UInt64, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }
}

/// An address space for YARA: a process's memory, say. Of it no more than one block is in memory at a time.
///
/// What rules may ask of it is what they may ask of a running process (`yara PID`). Strings are found where they lie within
/// one block, counts and offsets (`#a`, `@a`, `$a in (…)`, `$a at …`) go over all blocks of the object, and offsets are
/// addresses in it. `filesize` is undefined, so a condition that needs it does not hold; `uint32(ADDRESS)` reads where the
/// object has that address, and `entrypoint` is that of the first program found. Modules see block after block: `elf` and
/// `pe` parse the first one that begins with such a program, `hash` and `math` work on addresses. A string that lies in
/// pages of another object only, because the page is shared and was looked at there, counts in that object.
public struct YaraObject {
  /// In order of address; they may overlap, and a match seen twice is told once.
  public var blocks: [YaraBlock]
  public var externals: YaraScanner.Externals
  let fetch: (UInt64, UnsafeMutableRawBufferPointer) -> Void

  /// - Parameter fetch: fills the buffer from an address on.
  public init(
    blocks: [YaraBlock], externals: YaraScanner.Externals = .init(),
    fetch: @escaping (UInt64, UnsafeMutableRawBufferPointer) -> Void
  ) {
    self.blocks = blocks.filter { $0.byteCount > 0 }
    self.externals = externals
    self.fetch = fetch
  }
}

extension YaraScanner {
  /// The rules that hold for an address space. yr_scanner_scan_mem_blocks.
  public func scan(_ object: YaraObject) throws(YaraError) -> Result {
    let walk = BlockWalk(object)
    return try run(object.externals, flags: SCAN_FLAGS_PROCESS_MEMORY) { handle in
      withExtendedLifetime(walk) {
        var iterator = YR_MEMORY_BLOCK_ITERATOR()
        iterator.context = Unmanaged.passUnretained(walk).toOpaque()
        iterator.first = { iterator in BlockWalk.step(iterator, from: 0) }
        iterator.next = { iterator in BlockWalk.step(iterator, from: nil) }
        iterator.file_size = nil
        iterator.last_error = ERROR_SUCCESS
        return yr_scanner_scan_mem_blocks(handle, &iterator)
      }
    }
  }
}

/// The state of one walk over blocks, as libyara's iterator wants it.
private final class BlockWalk {
  let object: YaraObject
  var next = 0
  let block = UnsafeMutablePointer<YR_MEMORY_BLOCK>.allocate(capacity: 1)
  private let buffer: UnsafeMutableRawBufferPointer
  private var fetched = -1
  /// The `pe` module keeps a pointer to the block in which it found a program until the scan ends; so such blocks stay.
  private var kept: [Int: UnsafeMutableRawBufferPointer] = [:]
  private static let maximumKept = 8

  init(_ object: YaraObject) {
    self.object = object
    block.initialize(to: YR_MEMORY_BLOCK())
    buffer = .allocate(byteCount: max(object.blocks.lazy.map(\.byteCount).max() ?? 0, 1), alignment: 64)
  }

  deinit {
    block.deallocate()
    buffer.deallocate()
    for one in kept.values { one.deallocate() }
  }

  static func step(
    _ iterator: UnsafeMutablePointer<YR_MEMORY_BLOCK_ITERATOR>?, from start: Int?
  ) -> UnsafeMutablePointer<YR_MEMORY_BLOCK>? {
    guard let iterator, let context = iterator.pointee.context else { return nil }
    iterator.pointee.last_error = ERROR_SUCCESS
    let walk = Unmanaged<BlockWalk>.fromOpaque(context).takeUnretainedValue()
    if let start { walk.next = start }
    guard walk.next < walk.object.blocks.count else { return nil }
    let one = walk.object.blocks[walk.next]
    walk.next += 1
    walk.block.pointee.size = one.byteCount
    walk.block.pointee.base = one.address
    walk.block.pointee.context = context
    walk.block.pointee.fetch_data = { block in
      guard let context = block?.pointee.context else { return nil }
      return Unmanaged<BlockWalk>.fromOpaque(context).takeUnretainedValue().fetch()
    }
    return walk.block
  }

  /// The bytes of the block that was handed out last.
  private func fetch() -> UnsafePointer<UInt8>? {
    let number = next - 1
    guard object.blocks.indices.contains(number) else { return nil }
    if let known = kept[number] { return Self.pointer(known) }
    if fetched != number {
      let one = object.blocks[number]
      object.fetch(one.address, UnsafeMutableRawBufferPointer(rebasing: buffer[0..<one.byteCount]))
      fetched = number
      if kept.count < Self.maximumKept, one.byteCount >= 2, buffer[0] == 0x4D, buffer[1] == 0x5A {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: one.byteCount, alignment: 64)
        copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[0..<one.byteCount]))
        kept[number] = copy
        return Self.pointer(copy)
      }
    }
    return Self.pointer(buffer)
  }

  private static func pointer(_ buffer: UnsafeMutableRawBufferPointer) -> UnsafePointer<UInt8>? {
    buffer.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
  }
}
