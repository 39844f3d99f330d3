import Foundation

/// Bytes that can be read at any place: an object of the store, or a layer over one.
public protocol RandomAccess: Sendable {
  /// Length in bytes.
  var byteCount: UInt64 { get }

  /// Copies up to `buffer.count` bytes from `offset`; returns how many there were (fewer only at the end, or where the
  /// bytes cannot be had).
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int
}

/// A file mapped for reading. Random access at the price of a page fault; nothing of it counts as private memory.
///
/// Map only files that nobody shortens (objects of the store): a file that shrinks underneath raises SIGBUS.
public final class MappedFile: RandomAccess, @unchecked Sendable {
  public let byteCount: UInt64
  private let base: UnsafeRawPointer?

  public convenience init(path: String) throws(BytesError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot open \(path): \(systemMessage())") }
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, named: path)
  }

  /// - Parameter descriptor: may be closed afterwards.
  init(descriptor: Int32, named path: String) throws(BytesError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw BytesError(.cannotMap, "\(path) is not a file that can be mapped")
    }
    let count = Int(status.st_size)
    byteCount = UInt64(max(count, 0))
    if count == 0 {
      base = nil
      return
    }
    guard let mapped = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED else {
      throw BytesError(.cannotMap, "cannot map \(path): \(systemMessage())")
    }
    base = UnsafeRawPointer(mapped)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), Int(byteCount)) }
  }

  /// The whole file, valid inside the closure.
  ///
  /// Prefer this to `view` wherever the file is a local constant: Swift may let go of one right after its last mention,
  /// which is before the view that was taken from it is read.
  public func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(view) }
  }

  /// The whole file. For owners that keep the file as long as they use the view: valid while this object lives.
  public var view: ByteView { ByteView(UnsafeRawBufferPointer(start: base, count: Int(byteCount))) }

  /// The part of the file at a place, clamped to its end. No copy.
  public func view(at offset: UInt64, count: Int) -> ByteView {
    guard offset < byteCount, count > 0 else { return view.slice(0, 0) }
    let low = Int(offset)
    return view.slice(low, low + min(count, Int(byteCount) - low))
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let part = view(at: offset, count: buffer.count)
    if part.count > 0 { buffer.copyMemory(from: part.unsafeBytes) }
    return part.count
  }

  /// Gives back the memory that the file's pages before this place hold: whoever asks for them again reads them from the file
  /// again. For passes in order, since what is mapped and was read counts as the program's memory.
  public func release(before offset: Int) {
    let whole = min(max(offset, 0), Int(byteCount)) & ~0xFFFF
    if let base, whole > 0 { madvise(UnsafeMutableRawPointer(mutating: base), whole, MADV_DONTNEED) }
  }

  /// Bytes between two releases of a pass in order.
  public static let passSize = 32 << 20

  /// The whole file in order, in parts that are released again.
  public func forEachPart(_ body: (ByteView) throws -> Void) rethrows {
    try withView { view in
      for start in stride(from: 0, to: view.count, by: Self.passSize) {
        try body(view.slice(start, min(start + Self.passSize, view.count)))
        release(before: start + Self.passSize)
      }
    }
  }

  /// Tells the kernel that the file will be read once from front to back.
  public func willReadInOrder() {
    if let base { madvise(UnsafeMutableRawPointer(mutating: base), Int(byteCount), MADV_SEQUENTIAL) }
  }
}
