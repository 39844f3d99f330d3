import Bytes
import Foundation

func makeDirectory(_ path: String) throws(StoreError) {
  if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  throw StoreError(.cannotWrite, "cannot make the folder \(path): \(systemMessage())")
}

/// Makes a folder, and those above it that are not there.
public func makeFolders(_ path: String) throws(StoreError) {
  /// 0 where it is there now.
  func make(_ folder: String) -> Int32 {
    if mkdir(folder, 0o777) == 0 { return 0 }
    let trouble = errno
    var status = stat()
    return stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? 0 : trouble
  }
  var missing: [String] = []
  var next = path
  var trouble = make(next)
  while trouble == ENOENT {
    let outer = (next as NSString).deletingLastPathComponent
    if outer.isEmpty || outer == next { break }
    missing.append(next)
    next = outer
    trouble = make(next)
  }
  while trouble == 0, let inner = missing.popLast() { trouble = make(inner) }
  guard trouble != 0 else { return }
  // What the caller named is wrong, or the disk is full.
  let isTheirs = [EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EEXIST].contains(trouble)
  throw StoreError(isTheirs ? .badSource : .cannotWrite, "cannot make the folder \(path): \(systemMessage(trouble))")
}

/// A rename is only on the disk once its folder is.
func syncDirectory(_ path: String) throws(StoreError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  try check(descriptor, .cannotWrite, "cannot open the folder \(path)")
  defer { close(descriptor) }
  try check(fsync(descriptor), .cannotWrite, "cannot sync the folder \(path)")
}

/// Makes a file that is written read-only, syncs it, and renames it to its place, whose folder is made when it is not there.
///
/// - Parameter what: for an error: `object 12ab…`.
func settleFile(
  _ path: String, _ descriptor: Int32, at place: String, durable: Bool, _ what: @autoclosure () -> String
) throws(StoreError) {
  try check(fchmod(descriptor, 0o444), .cannotWrite, "cannot write \(what())")
  if durable { try check(fsync(descriptor), .cannotWrite, "cannot sync \(what())") }
  var folder: String { (place as NSString).deletingLastPathComponent }
  // Its folder is there but for the first of 256.
  if rename(path, place) != 0 {
    try makeDirectory(folder)
    try check(rename(path, place), .cannotWrite, "cannot name \(what())")
  }
  if durable { try syncDirectory(folder) }
}

/// Writes all of the bytes at an offset.
func writeAll(
  _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ what: @autoclosure () -> String
) throws(StoreError) {
  var done = 0
  while done < bytes.count {
    let count = pwrite(
      descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(clamping: offset + UInt64(done)))
    if count < 0, errno == EINTR { continue }
    try check(count, .cannotWrite, "cannot write \(what())")
    done += count
  }
}

/// Writes a small file whole or not at all.
///
/// - Parameter makesFolder: whether the folder is made where it is not there.
public func writeAtomically(
  _ bytes: [UInt8], to path: String, durable: Bool, makesFolder: Bool = false
) throws(StoreError) {
  let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
  func create() -> Int32 { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
  var descriptor = create()
  if descriptor < 0, errno == ENOENT, makesFolder {
    try makeDirectory((path as NSString).deletingLastPathComponent)
    descriptor = create()
  }
  try check(descriptor, .cannotWrite, "cannot write \(path)")
  var works = false
  defer {
    close(descriptor)
    if !works { unlink(temporary) }
  }
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done) }
    if count < 0, errno == EINTR { continue }
    try check(count, .cannotWrite, "cannot write \(path)")
    done += count
  }
  if durable { try check(fsync(descriptor), .cannotWrite, "cannot sync \(path)") }
  try check(rename(temporary, path), .cannotWrite, "cannot write \(path)")
  works = true
}
