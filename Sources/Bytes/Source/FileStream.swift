import Foundation

/// A stream over a file descriptor. Closes it when it goes away.
public final class FileStream: ByteStream {
  public let descriptor: Int32
  private let name: String

  /// - Throws: `cannotOpen` with the system's reason.
  public init(path: String) throws(BytesError) {
    // O_NOFOLLOW is not wanted: collectors do leave links to logs. O_NONBLOCK keeps a FIFO in a bundle from hanging us.
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else { throw BytesError(.cannotOpen, "cannot open \(path): \(systemMessage())") }
    descriptor = opened
    name = path
  }

  public init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  deinit { close(descriptor) }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    while true {
      let number = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if number >= 0 { return number }
      if errno == EINTR { continue }
      throw BytesError(.cannotRead, "cannot read \(name): \(systemMessage())")
    }
  }
}

/// The words for `errno`.
public func systemMessage(_ number: Int32 = errno) -> String { String(cString: strerror(number)) }
