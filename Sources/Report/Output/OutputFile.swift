import Bytes
import Foundation

/// A file that is there whole or not at all: written under another name in the same folder, then renamed.
final class OutputFile {
  private let stream: UnsafeMutablePointer<FILE>
  private let path: String

  static func write(_ name: String, in folder: String, _ body: (OutputFile) throws -> Void) throws {
    let path = "\(folder)/\(name)"
    let partial = "\(folder)/.\(name).partial"
    do {
      let file = try OutputFile(partial)
      try body(file)
      try file.finish()
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, path) == 0 else {
      throw BytesError(.cannotRead, "cannot rename \(partial) to \(path): \(systemMessage())")
    }
  }

  private init(_ path: String) throws {
    guard let opened = fopen(path, "wb") else {
      throw BytesError(.cannotOpen, "cannot make \(path): \(systemMessage())")
    }
    setvbuf(opened, nil, _IOFBF, 1 << 20)
    stream = opened
    self.path = path
  }

  deinit { fclose(stream) }

  func write(_ bytes: [UInt8]) throws { try bytes.withView { try write($0) } }

  func write(_ bytes: ByteView) throws {
    guard bytes.count > 0 else { return }
    guard fwrite(bytes.unsafeBytes.baseAddress, 1, bytes.count, stream) == bytes.count else {
      throw BytesError(.cannotRead, "cannot write \(path): \(systemMessage())")
    }
  }

  private func finish() throws {
    guard fflush(stream) == 0, fsync(fileno(stream)) == 0 else {
      throw BytesError(.cannotRead, "cannot write \(path): \(systemMessage())")
    }
  }
}
