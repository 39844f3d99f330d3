import Bytes
import Evidence
import Foundation

/// Writes sorted records, each as length, key and bytes. Read back by `RecordFileReader` in the same run only.
final class RecordFileWriter {
  private let stream: UnsafeMutablePointer<FILE>
  private let path: String

  init(path: String) throws {
    guard let opened = fopen(path, "wbx") else {
      throw BytesError(.cannotOpen, "cannot make \(path): \(systemMessage())")
    }
    setvbuf(opened, nil, _IOFBF, 1 << 20)
    stream = opened
    self.path = path
  }

  deinit { fclose(stream) }

  func write(_ key: EventKey, _ record: ByteView) throws {
    var head = RecordHead.bytes(key, UInt32(clamping: record.count))
    guard fwrite(&head, 1, head.count, stream) == head.count,
      fwrite(record.unsafeBytes.baseAddress, 1, record.count, stream) == record.count
    else { throw BytesError(.cannotRead, "cannot write \(path): \(systemMessage())") }
  }

  func finish() throws {
    guard fflush(stream) == 0 else { throw BytesError(.cannotRead, "cannot write \(path): \(systemMessage())") }
  }
}

/// Reads one record after the other.
final class RecordFileReader {
  private let stream: UnsafeMutablePointer<FILE>
  private let path: String
  private(set) var key: EventKey
  private(set) var record: [UInt8] = []

  init(path: String) throws {
    guard let opened = fopen(path, "rb") else {
      throw BytesError(.cannotOpen, "cannot open \(path): \(systemMessage())")
    }
    setvbuf(opened, nil, _IOFBF, 1 << 18)
    stream = opened
    self.path = path
    key = EventKey(nanoseconds: 0, artifact: Digest(of: []), place: 0)
  }

  deinit { fclose(stream) }

  /// - Returns: false at the end of the file.
  func advance() throws -> Bool {
    var head = [UInt8](repeating: 0, count: RecordHead.count)
    let number = fread(&head, 1, head.count, stream)
    if number == 0, feof(stream) != 0 { return false }
    guard number == head.count, let (found, count) = RecordHead.read(head) else { throw broken() }
    key = found
    if record.count != count { record = [UInt8](repeating: 0, count: count) }
    guard fread(&record, 1, count, stream) == count else { throw broken() }
    return true
  }

  private func broken() -> BytesError { BytesError(.cannotRead, "\(path) ends early: \(systemMessage())") }
}

/// 52 bytes: length, time, digest, place, little endian.
private enum RecordHead {
  static let count = 52

  static func bytes(_ key: EventKey, _ length: UInt32) -> [UInt8] {
    var head: [UInt8] = []
    head.reserveCapacity(count)
    withUnsafeBytes(of: length.littleEndian) { head.append(contentsOf: $0) }
    withUnsafeBytes(of: key.nanoseconds.littleEndian) { head.append(contentsOf: $0) }
    head.append(contentsOf: key.artifact.bytes)
    withUnsafeBytes(of: key.place.littleEndian) { head.append(contentsOf: $0) }
    return head
  }

  static func read(_ head: [UInt8]) -> (EventKey, Int)? {
    head.withView { view in
      guard let length = view.u32(0), let time = view.u64(4), let place = view.u64(44),
        let digest = Digest(bytes: head[12..<44])
      else { return nil }
      return (EventKey(nanoseconds: Int64(bitPattern: time), artifact: digest, place: place), Int(length))
    }
  }
}
