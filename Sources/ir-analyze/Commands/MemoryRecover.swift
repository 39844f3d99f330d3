import ArgumentParser
import Bytes
import Foundation
import MemoryParse

struct MemoryRecover: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Recovers a file from the page cache of a memory image, a deleted one too.",
    discussion: """
      The views pagecache.Files and lsof show paths and inodes. Pages that are not in memory become zeros, and the \
      exit code is then 2.

        ir-analyze memory recover host.lime --find /etc/crontab -o crontab
        ir-analyze memory recover host.lime --pid 4711 -o program
        ir-analyze memory recover host.lime --inode 0xffff8881042a3b48 -o file
      """)

  @Argument(help: "A memory image.", completion: .file())
  var image: String

  @Option(help: ArgumentHelp("The file's whole path.", valueName: "PATH"))
  var find: String?

  @Option(help: ArgumentHelp("The address of the file's inode.", valueName: "ADDRESS"))
  var inode: String?

  @Option(help: ArgumentHelp("The process whose program is wanted.", valueName: "PID"))
  var pid: Int32?

  @OptionGroup var types: MemoryTypes

  @Option(name: .shortAndLong, help: ArgumentHelp("File to write.", valueName: "FILE"), completion: .file())
  var output: String

  func validate() throws {
    let count = (find == nil ? 0 : 1) + (inode == nil ? 0 : 1) + (pid == nil ? 0 : 1)
    if count != 1 { throw ValidationError("name the file with one of --find, --inode and --pid") }
    if let inode, Self.address(inode) == nil {
      throw ValidationError("--inode takes an address such as 0xffff8881042a3b48")
    }
  }

  private static func address(_ text: String) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }

  func run() throws {
    let wanted: FileRecovery.Wanted
    if let find {
      wanted = .path(find)
    } else if let pid {
      wanted = .program(pid: pid)
    } else {
      wanted = .inode(inode.flatMap { Self.address($0) } ?? 0)
    }
    let typeFile = try types.bytes()
    let image = try MemoryDump.open(image)
    // Only a file that is whole gets the name.
    let temporary = output + ".part"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ExitStatus.Failure(.usage, "cannot write \(temporary): \(systemMessage())") }
    var isKept = false
    defer {
      close(descriptor)
      if !isKept { unlink(temporary) }
    }
    var trouble: String?
    let found: FileRecovery.Found
    do {
      found = try FileRecovery.run(wanted, from: image, typeFile: typeFile) { offset, bytes in
        let count = pwrite(descriptor, bytes.unsafeBytes.baseAddress, bytes.count, off_t(clamping: offset))
        if count != bytes.count { trouble = systemMessage() }
        return count == bytes.count
      }
    } catch {
      throw ExitStatus.Failure(.notCovered, error.sentence)
    }
    if trouble == nil, ftruncate(descriptor, off_t(clamping: found.byteCount)) != 0 { trouble = systemMessage() }
    if trouble == nil, rename(temporary, output) != 0 { trouble = systemMessage() }
    if let trouble { throw ExitStatus.Failure(.internalError, "cannot write \(output): \(trouble)") }
    isKept = true
    Terminal.tell(
      "\(output): \(found.byteCount) bytes, \(found.pagesFound) of \(found.pagesTotal) pages were in memory")
    if !found.namesakes.isEmpty {
      let others = found.namesakes.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
      Terminal.tell("other mount namespaces have a file of that path: --inode \(others)")
    }
    try (found.pagesFound == found.pagesTotal ? ExitStatus.finished : .notCovered).end()
  }
}
