import Bytes
import Evidence
import Foundation

/// Sorts more records than memory holds: full buffers are sorted and written to a file each, and the files are merged.
///
/// Memory is the buffer's limit plus a read buffer per file. Records with equal keys are put in the order of their bytes,
/// so that what comes out does not depend on the order in which it went in.
public final class RecordSorter {
  private struct Entry {
    var key: EventKey
    var start: Int
    var count: Int
  }

  /// Files are merged into one when there are this many, so that neither descriptors nor read buffers run out.
  private static let maximumRuns = 96

  private let folder: String
  private let limit: Int
  private var bytes: [UInt8] = []
  private var entries: [Entry] = []
  private var runs: [String] = []
  private var runNumber = 0
  public private(set) var count = 0

  /// - Parameters:
  ///   - folder: where sorted files may be put; made when needed, its files removed with the sorter.
  ///   - limit: bytes that are held before they are written out.
  public init(folder: String, limit: Int = 128 << 20) {
    self.folder = folder
    self.limit = max(limit, 1 << 12)
  }

  deinit {
    for run in runs { unlink(run) }
    rmdir(folder)
  }

  public func add(_ key: EventKey, _ record: [UInt8]) throws {
    entries.append(Entry(key: key, start: bytes.count, count: record.count))
    bytes.append(contentsOf: record)
    count += 1
    // An entry costs its own size beside its bytes.
    if bytes.count + entries.count * MemoryLayout<Entry>.stride >= limit { try spill() }
  }

  /// Hands out every record in order. Once.
  public func drain(_ body: (EventKey, ByteView) throws -> Void) throws {
    if runs.isEmpty {
      sortEntries()
      try bytes.withUnsafeBytes { storage in
        for entry in entries { try body(entry.key, ByteView(storage).slice(entry.start, entry.start + entry.count)) }
      }
    } else {
      try spill()
      try merge(runs, body)
    }
    entries = []
    bytes = []
  }

  private func sortEntries() {
    bytes.withUnsafeBytes { storage in
      let view = ByteView(storage)
      entries.sort { left, right in
        if left.key != right.key { return left.key < right.key }
        return Self.precedes(
          view.slice(left.start, left.start + left.count), view.slice(right.start, right.start + right.count))
      }
    }
  }

  private static func precedes(_ left: ByteView, _ right: ByteView) -> Bool {
    let common = min(left.count, right.count)
    if common > 0, let one = left.unsafeBytes.baseAddress, let other = right.unsafeBytes.baseAddress {
      let order = memcmp(one, other, common)
      if order != 0 { return order < 0 }
    }
    return left.count < right.count
  }

  // MARK: Files

  private func spill() throws {
    guard !entries.isEmpty else { return }
    sortEntries()
    let path = try newRun()
    let file = try RecordFileWriter(path: path)
    try bytes.withUnsafeBytes { storage in
      for entry in entries {
        try file.write(entry.key, ByteView(storage).slice(entry.start, entry.start + entry.count))
      }
    }
    try file.finish()
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    if runs.count >= Self.maximumRuns { try mergeIntoOne() }
  }

  private func newRun() throws -> String {
    if runs.isEmpty { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    runNumber += 1
    let path = "\(folder)/run-\(runNumber)"
    runs.append(path)
    return path
  }

  private func mergeIntoOne() throws {
    let old = runs
    let path = try newRun()
    let file = try RecordFileWriter(path: path)
    try merge(old) { key, record in try file.write(key, record) }
    try file.finish()
    for run in old { unlink(run) }
    runs = [path]
  }

  private func merge(_ paths: [String], _ body: (EventKey, ByteView) throws -> Void) throws {
    var heap: [RecordFileReader] = []
    for path in paths {
      let reader = try RecordFileReader(path: path)
      if try reader.advance() { heap.append(reader) }
    }
    func precedes(_ left: RecordFileReader, _ right: RecordFileReader) -> Bool {
      if left.key != right.key { return left.key < right.key }
      return left.record.withView { one in right.record.withView { other in Self.precedes(one, other) } }
    }
    func sink(_ start: Int) {
      var place = start
      while true {
        var least = place
        for child in [2 * place + 1, 2 * place + 2] where child < heap.count && precedes(heap[child], heap[least]) {
          least = child
        }
        if least == place { return }
        heap.swapAt(place, least)
        place = least
      }
    }
    for place in stride(from: heap.count / 2, through: 0, by: -1) where place < heap.count { sink(place) }
    while let first = heap.first {
      try first.record.withView { try body(first.key, $0) }
      if try !first.advance() {
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
      }
      sink(0)
    }
  }
}
