import Bytes
import Testing

@testable import MemoryParse

/// Edits of the image of a real kernel, as rootkits make them.
extension TamperedImage {
  /// Writes a word where a virtual address of the kernel lies.
  func write(_ kernel: Kernel, _ virtual: UInt64, _ value: UInt64) throws {
    write(try #require(kernel.space.physical(virtual)), u64: value)
  }

  /// Writes a member of up to eight bytes, and leaves what stands beside it.
  func write(_ kernel: Kernel, _ object: UInt64, _ member: Member?, _ value: UInt64) throws {
    let member = try #require(member)
    let place = object &+ UInt64(member.offset)
    let mask = member.size >= 8 ? UInt64.max : UInt64(1) << UInt64(8 * member.size) - 1
    let old = try #require(kernel.space.u64(place))
    try write(kernel, place, old & ~mask | value & mask)
  }

  /// Takes an element out of a list as `list_del` does.
  func unlink(_ kernel: Kernel, _ link: UInt64) throws {
    let next = try #require(kernel.space.u64(link))
    let previous = try #require(kernel.space.u64(link + 8))
    try write(kernel, previous, next)
    try write(kernel, next + 8, previous)
  }
}

/// A column of a row, as text.
func column(_ name: String, _ row: [UInt8]) -> String {
  var found = ""
  row.withView { view in
    _ = JSONView(view).forEachMember { key, value in
      if key.string == name { found = value.string ?? value.bytes.string }
      return true
    }
  }
  return found
}
