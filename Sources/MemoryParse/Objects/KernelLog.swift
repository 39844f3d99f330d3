import Bytes

/// A record of the kernel's log: what `dmesg` prints.
struct LogRecord {
  var sequence: UInt64
  /// Since boot.
  var nanoseconds: UInt64
  var facility: UInt64
  var level: UInt64
  /// Thread (`T…`) or processor (`C…`) that wrote it; empty where the kernel does not keep that.
  var caller: String
  /// May hold several lines.
  var text: String
  /// No longer in the ring's window, but its slot was not used again.
  var isOld: Bool
}

/// Reads the printk ring of 5.10 and later (`kernel/printk/printk_ringbuffer.h`).
struct KernelLogReader {
  private let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  private struct Ring {
    var descriptors: [UInt8]
    var infos: [UInt8]
    var text: [UInt8]
    var countBits: UInt64
    var sizeBits: UInt64
    var head: UInt64
    var tail: UInt64
    var missing: Int
  }

  private static let idMask: UInt64 = 1 << 62 - 1
  /// 2^20 descriptors and 2^25 bytes, the most that a kernel can be configured to.
  private static let countBitsRange: ClosedRange<UInt64> = 5...20
  private static let sizeBitsRange: ClosedRange<UInt64> = 10...25

  /// Records in order; nil where there is no ring. `missing` are bytes of the ring that the dump does not hold.
  func records() -> (records: [LogRecord], missing: Int)? {
    guard let address = ringAddress(), let ring = read(address) else { return nil }
    let types = kernel.types
    guard let state = types.member("prb_desc", "state_var"),
      let begin = types.member("prb_desc", "text_blk_lpos.begin"),
      let next = types.member("prb_desc", "text_blk_lpos.next"), let descriptorSize = types.size("prb_desc"),
      let infoSize = types.size("printk_info"), let length = types.member("printk_info", "text_len"),
      let time = types.member("printk_info", "ts_nsec"), let sequence = types.member("printk_info", "seq"),
      let level = types.member("printk_info", "level"), let facility = types.member("printk_info", "facility")
    else { return nil }
    let caller = types.member("printk_info", "caller_id")
    var records: [LogRecord] = []
    let count = UInt64(1) << ring.countBits
    let mask = UInt64(1) << ring.sizeBits - 1
    ring.descriptors.withView { descriptors in
      ring.infos.withView { infos in
        ring.text.withView { text in
          var id = ring.tail
          for _ in 0...count {
            let slot = Int(id & (count - 1))
            let descriptor = slot * descriptorSize
            let info = slot * infoSize
            let variable = descriptors.u64(descriptor + state.offset) ?? 0
            // 1 committed, 2 finalized.
            if variable & Self.idMask == id & Self.idMask, [1, 2].contains(variable >> 62) {
              let start = descriptors.u64(descriptor + begin.offset) ?? 1
              let end = descriptors.u64(descriptor + next.offset) ?? 1
              var line = ByteView("")
              if start & 1 == 0, end & 1 == 0 {
                // A block that would pass the end of the buffer lies at its front instead.
                let wraps = start >> ring.sizeBits != (end &- 1) >> ring.sizeBits
                let place = wraps ? 0 : Int(start & mask)
                line = text.slice(place + 8, place + 8 + Int(infos.u16(info + length.offset) ?? 0))
              }
              let bits = UInt64(infos[info + level.offset + level.bitOffset / 8])
              records.append(
                LogRecord(
                  sequence: infos.u64(info + sequence.offset) ?? 0, nanoseconds: infos.u64(info + time.offset) ?? 0,
                  facility: UInt64(infos[info + facility.offset]),
                  level: bits >> UInt64(level.bitOffset % 8) & (UInt64(1) << UInt64(min(level.bitCount, 8)) - 1),
                  caller: Self.caller(caller.flatMap { infos.u32(info + $0.offset) }), text: line.string, isOld: false))
            }
            if id == ring.head { break }
            id = (id &+ 1) & Self.idMask
          }
        }
      }
    }
    return (records, ring.missing)
  }

  private static func caller(_ id: UInt32?) -> String {
    guard let id, id != 0 else { return "" }
    return id & 0x8000_0000 != 0 ? "CPU(\(id & 0x7FFF_FFFF))" : "Task(\(id))"
  }

  private func read(_ address: UInt64) -> Ring? {
    func value(_ path: String) -> UInt64? { kernel.value(address, kernel.member("printk_ringbuffer", path)) }
    guard let countBits = value("desc_ring.count_bits"), Self.countBitsRange.contains(countBits),
      let sizeBits = value("text_data_ring.size_bits"), Self.sizeBitsRange.contains(sizeBits),
      let descriptors = value("desc_ring.descs"), let infos = value("desc_ring.infos"),
      let text = value("text_data_ring.data"), let head = value("desc_ring.head_id.counter"),
      let tail = value("desc_ring.tail_id.counter"), let descriptorSize = kernel.types.size("prb_desc"),
      let infoSize = kernel.types.size("printk_info"), (8...64).contains(descriptorSize), (8...160).contains(infoSize)
    else { return nil }
    let count = 1 << Int(countBits)
    let first = kernel.space.bytes(descriptors, count * descriptorSize)
    let second = kernel.space.bytes(infos, count * infoSize)
    let third = kernel.space.bytes(text, 1 << Int(sizeBits))
    return Ring(
      descriptors: first.bytes, infos: second.bytes, text: third.bytes, countBits: countBits, sizeBits: sizeBits,
      head: head & Self.idMask, tail: tail & Self.idMask, missing: first.missing + second.missing + third.missing)
  }

  private func ringAddress() -> UInt64? {
    if let pointer = kernel.symbols["prb"], let ring = kernel.space.u64(pointer), kernel.isKernelAddress(ring) {
      return ring
    }
    return ringByShape()
  }

  /// Several rings may look right (there is one for early boot): the one with the highest number is the one in use.
  private func ringByShape() -> UInt64? {
    func member(_ path: String) -> Member? { kernel.member("printk_ringbuffer", path) }
    let countBits = member("desc_ring.count_bits")
    let sizeBits = member("text_data_ring.size_bits")
    let head = member("desc_ring.head_id.counter")
    let descriptors = member("desc_ring.descs")
    let infos = member("desc_ring.infos")
    let data = member("text_data_ring.data")
    guard let state = kernel.member("prb_desc", "state_var"), let size = kernel.types.size("prb_desc") else {
      return nil
    }
    return ShapeSearch(kernel: kernel).best { address in
      guard let bits = kernel.value(address, countBits), Self.countBitsRange.contains(bits),
        let sizeBits = kernel.value(address, sizeBits), Self.sizeBitsRange.contains(sizeBits),
        let table = kernel.pointer(address, descriptors), table & 7 == 0, kernel.pointer(address, infos) != nil,
        kernel.pointer(address, data) != nil, let head = kernel.value(address, head)
      else { return nil }
      let slot = head & (UInt64(1) << bits - 1)
      guard let variable = kernel.value(table &+ slot &* UInt64(size), state),
        variable & Self.idMask == head & Self.idMask
      else { return nil }
      return head & Self.idMask
    }
  }
}
