import Bytes
import Foundation

/// Says where literals stand in an object, for several threads at once.
protocol PlaceIndex: Sendable {
  /// Looks for literals that begin in the range, which lies in the view, or of which a certain part does; in ranges side by side
  /// each place is found once.
  func search(_ view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces)
}

extension PlaceIndex {
  static var pageSize: Int { 4096 }

  /// Looks through a part of an object; parts that lie side by side give each place once.
  ///
  /// Pages of zeros (half of a memory image) are passed over: what is looked for holds a byte that is not zero among its first
  /// four, so one that begins in such a page ends in the next, and begins in its last three bytes. These are looked at where a
  /// page that is filled follows, or the next part, of which nothing is known here.
  func look(in view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces) {
    let end = min(range.upperBound, view.count)
    var place = max(range.lowerBound, 0)
    while place < end {
      let start = place
      while place < end, Self.isZero(view.slice(place, place + Self.pageSize)) { place += Self.pageSize }
      place = min(place, end)
      let border = max(start, place - 3)
      if place >= end {
        if place > start { search(view, border..<end, &found) }
        break
      }
      let filled = place
      repeat { place += Self.pageSize } while place < end && !Self.isZero(view.slice(place, place + Self.pageSize))
      place = min(place, end)
      found.addFilled(filled..<place)
      search(view, border..<place, &found)
    }
  }

  private static func isZero(_ page: ByteView) -> Bool {
    guard let base = page.unsafeBytes.baseAddress, page[0] == 0 else { return false }
    return memcmp(base, base + 1, page.count - 1) == 0
  }
}
