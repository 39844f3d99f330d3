import Bytes
import Foundation
import MemoryParse

/// Opens a memory image that a person names, and tells what is damaged of it.
enum MemoryDump {
  static func open(_ path: String) throws -> any MemoryImage {
    do {
      let file = try unpacked(path) ?? MappedFile(path: path)
      let name = path.split(separator: "/").last.map { String($0) } ?? path
      let head = file.view(at: 0, count: MemoryImages.headByteCount)
      // Bare memory has no mark: what is named on the command line as memory is taken for it.
      let format = MemoryImages.recognize(head: head, byteCount: file.byteCount, name: name) ?? "raw"
      let (image, report) = try MemoryImages.open(file, as: format)
      for sentence in report.damage { Terminal.tell(sentence) }
      return image
    } catch let error as MemoryImageError {
      throw ExitStatus.Failure(.notCovered, "\(path) cannot be read as a memory image: \(error.reason)")
    } catch let error as BytesError {
      throw ExitStatus.Failure(.usage, error.reason)
    }
  }

  /// The content of a compressed file, in a file without a name; nil where it is not compressed.
  ///
  /// Walking page tables needs random access. Runs of zeros become holes.
  private static func unpacked(_ path: String) throws -> MappedFile? {
    let stream = try DecodedStream(FileStream(path: path))
    if stream.encodings.isEmpty { return nil }
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    var template = Array("\(folder)/ir-analyze-memory-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let target = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    guard descriptor >= 0 else {
      throw ExitStatus.Failure(.internalError, "cannot make a file in \(folder): \(systemMessage()); set TMPDIR")
    }
    defer {
      close(descriptor)
      unlink(target)
    }
    try copy(stream, to: descriptor, target)
    if let damage = stream.damage { Terminal.tell("\(path): \(damage); what could be unpacked is read") }
    return try MappedFile(path: target)
  }

  private static func copy(_ stream: DecodedStream, to descriptor: Int32, _ target: String) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var length: off_t = 0
    while true {
      var filled = 0
      while filled < buffer.count {
        let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        if count == 0 { break }
        filled += count
      }
      if filled == 0 { break }
      let isZero = buffer[0..<filled].allSatisfy { $0 == 0 }
      var done = isZero ? filled : 0
      while done < filled {
        let count = pwrite(descriptor, buffer.baseAddress?.advanced(by: done), filled - done, length + off_t(done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          throw ExitStatus.Failure(
            .internalError, "cannot unpack into \(target): \(systemMessage()); set TMPDIR to a folder with more room")
        }
        done += count
      }
      length += off_t(filled)
    }
    guard ftruncate(descriptor, length) == 0 else {
      throw ExitStatus.Failure(.internalError, "cannot unpack into \(target): \(systemMessage())")
    }
  }
}
