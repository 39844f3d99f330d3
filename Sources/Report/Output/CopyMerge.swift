import Bytes
import Evidence
import Timeline

/// Joins copies of one record that several artifacts hold: the first is kept, with the places of all.
///
/// Records come sorted, so copies lie among those of the same moment. A log with the same line twice keeps both: the second
/// copy of a line is joined with the second line.
struct CopyMerge {
  /// Records of one moment that are held back, in number and in bytes; copies further apart are told twice.
  private static let maximumCount = 20_000
  private static let maximumBytes = 32 << 20
  /// Places that one record lists beside its own.
  private static let maximumPlaces = 64

  struct Kept {
    var key: EventKey
    var record: [UInt8]
    var also: [String] = []
  }

  private struct Name: Hashable {
    var identity: UInt64
    var artifact: Digest
  }

  private var group: [Kept] = []
  private var bytes = 0
  /// Places in the group of the records of one identity, and how many each artifact has brought.
  private var known: [UInt64: [Int]] = [:]
  private var brought: [Name: Int] = [:]
  /// Copies that were joined.
  private(set) var joined = 0

  mutating func add(_ key: EventKey, _ record: ByteView, _ body: (Kept) throws -> Void) throws {
    if let first = group.first,
      first.key.nanoseconds != key.nanoseconds || group.count >= Self.maximumCount || bytes >= Self.maximumBytes
    {
      try flush(body)
    }
    let identity = record.u64(1) ?? 0
    if identity != 0 {
      let name = Name(identity: identity, artifact: key.artifact)
      let number = brought[name, default: 0]
      brought[name] = number + 1
      let places = known[identity] ?? []
      if number < places.count, group[places[number]].key.artifact != key.artifact {
        joined += 1
        let place = places[number]
        if group[place].also.count < Self.maximumPlaces, let parts = TimelineRecord.parts(of: record) {
          group[place].also.append("\(key.artifact.hex) \(JSONView(parts.line)["locator"]?.string ?? "")")
        }
        return
      }
      known[identity] = places + [group.count]
    }
    group.append(Kept(key: key, record: record.array))
    bytes += record.count
  }

  mutating func flush(_ body: (Kept) throws -> Void) throws {
    for kept in group { try body(kept) }
    group.removeAll(keepingCapacity: true)
    known.removeAll(keepingCapacity: true)
    brought.removeAll(keepingCapacity: true)
    bytes = 0
  }
}
