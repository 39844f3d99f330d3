import Bytes
import Evidence

/// The memory of a dump sorted by whom it belongs to: each process's address space, the files that the kernel keeps in
/// memory, and the rest; each page once, in the first space that has it, in the order of pids.
///
/// What follows each other in an address space comes in one piece although its pages lie scattered in physical memory, so a
/// search sees every text whole. A page that several processes share is the first one's; `sharers` names the others.
/// Costs one walk of all page tables and a bit for each page. Not for two threads.
public final class MemorySpaces {
  /// Why nothing is attributed: no kernel could be read. Everything is then `rest`, without owners.
  public let failure: String?
  private let memory: PhysicalMemory
  private let snapshot: Snapshot?
  private let states: PageStateReader?
  private let pageShift: Int
  private var known: PageSet

  /// Own bytes of the longest piece.
  public static let pieceSize = 8 << 20

  /// Page table entries that all walks together may see: hostile tables can point to themselves without end.
  private static let walkLimit = 1 << 28
  /// Pages of one process, 64 GiB of 4 KiB.
  private static let pageLimit = 1 << 24

  public init(_ image: any MemoryImage) {
    memory = PhysicalMemory(image)
    do {
      let kernel = try KernelSearch(memory: memory).open()
      snapshot = Snapshot(kernel)
      states = PageStateReader(kernel)
      pageShift = kernel.pageShift
      failure = nil
    } catch {
      snapshot = nil
      states = nil
      pageShift = 12
      failure = error.sentence
    }
    known = PageSet(memory.runs, pageShift: pageShift)
  }

  private var pageSize: UInt64 { pageByteCount }

  /// Of the machine's smallest page.
  public var pageByteCount: UInt64 { UInt64(1) << UInt64(pageShift) }

  /// Processes with a memory of their own by pid; those that share one (threads, vfork) are told by the first.
  private lazy var processes: [Process] = {
    var seen: Set<UInt64> = []
    return (snapshot?.processes ?? []).sorted { ($0.pid, $0.task.address) < ($1.pid, $1.task.address) }.filter {
      guard let memory = $0.memory else { return false }
      return seen.insert(memory.address).inserted
    }
  }()

  /// Every space in turn.
  ///
  /// - Parameter overlap: how many bytes of a long stretch the piece after the one before repeats.
  public func forEach(overlap: Int, _ body: (MemorySpace) throws -> Void) rethrows {
    known.removeAll()
    var left = Self.walkLimit
    for process in processes {
      guard let memory = process.memory else { continue }
      var builder = PieceBuilder(pageSize: pageSize, pieceSize: Self.pieceSize, overlap: overlap)
      forEachPage(of: memory, &left) { virtual, physical in
        guard let isNew = known.insert(physical) else { return }
        builder.page(at: virtual, isNew: isNew)
      }
      let pieces = builder.finish()
      if !pieces.isEmpty { try body(space(of: process, memory, pieces)) }
    }
    try forEachFile(overlap: overlap, body)
    try body(rest(overlap: overlap))
  }

  /// User pages in order of virtual address.
  private func forEachPage(of memory: ProcessMemory, _ left: inout Int, _ body: (UInt64, UInt64) -> Void) {
    var pages = min(Self.pageLimit, left)
    let before = pages
    let page = pageSize
    // The upper half is the kernel's in every process.
    memory.space.tables.forEachMapping(in: 0...(1 << 56 - 1), of: self.memory, limit: pages) {
      virtual, physical, size, _ in
      var offset: UInt64 = 0
      while offset < size, pages > 0 {
        body(virtual &+ offset, physical &+ offset)
        offset += page
        pages -= 1
      }
      return pages > 0
    }
    left -= before - pages
  }

  // MARK: Spaces

  private func space(of process: Process, _ memory: ProcessMemory, _ pieces: [MemoryPiece]) -> MemorySpace {
    let path = process.executable?.text ?? ""
    return MemorySpace(
      .process(pid: Int64(process.pid), name: process.task.name, path: path), pieces,
      bytes: { _ = memory.space.copy($0, into: $1) },
      place: { virtual in
        var locator = Locator()
        locator.physical = memory.space.physical(virtual)
        locator.pid = Int64(process.pid)
        locator.virtual = virtual
        locator.mapping = Self.mapping(at: virtual, of: process)
        return locator
      })
  }

  /// As `/proc/PID/maps` names it, with `[anonymous]` for what has no name.
  private static func mapping(at virtual: UInt64, of process: Process) -> String {
    let mappings = process.mappings
    var low = 0
    var high = mappings.count
    while low < high {
      let middle = (low + high) / 2
      if mappings[middle].end <= virtual { low = middle + 1 } else { high = middle }
    }
    guard low < mappings.count, mappings[low].start <= virtual else { return "[anonymous]" }
    let name = process.name(of: mappings[low])
    return name.isEmpty ? "[anonymous]" : name
  }

  /// Files of the page cache: those with a name in memory, and those that a process holds open though they have none.
  private func forEachFile(overlap: Int, _ body: (MemorySpace) throws -> Void) rethrows {
    guard let snapshot else { return }
    var seen: Set<UInt64> = []
    var files: [(String, Inode)] = []
    CachedFileReader(snapshot).forEach { file in
      // Only these have pages to look at; a machine has many times as many names.
      if file.inode.type == "REG", file.inode.cachedPages > 0 { files.append((file.path, file.inode)) }
    }
    for process in snapshot.processes {
      for open in process.files {
        guard let name = snapshot.paths.name(ofFile: open.file), name.kind == .path,
          let inode = snapshot.kernel.pointer(open.file, snapshot.paths.fileInode).flatMap({
            snapshot.inodeReader.inode(at: $0)
          })
        else { continue }
        files.append((name.text, inode))
      }
    }
    for (path, inode) in files {
      guard inode.type == "REG", inode.cachedPages > 0, let mapping = inode.mapping, seen.insert(mapping).inserted
      else {
        continue
      }
      var pages = snapshot.pageCache.pages(ofMapping: mapping, limit: 1 << 22)
      pages.sort { $0.index < $1.index }
      var builder = PieceBuilder(pageSize: pageSize, pieceSize: Self.pieceSize, overlap: overlap)
      for (index, physical) in pages where index < 1 << 40 {
        guard let isNew = known.insert(physical) else { continue }
        builder.page(at: index << UInt64(pageShift), isNew: isNew)
      }
      let pieces = builder.finish()
      if !pieces.isEmpty { try body(space(ofFile: path, pages, pieces)) }
    }
  }

  private func space(
    ofFile path: String, _ pages: [(index: UInt64, physical: UInt64)], _ pieces: [MemoryPiece]
  ) -> MemorySpace {
    let shift = UInt64(pageShift)
    func physical(_ offset: UInt64) -> UInt64? {
      let index = offset >> shift
      var low = 0
      var high = pages.count
      while low < high {
        let middle = (low + high) / 2
        if pages[middle].index < index { low = middle + 1 } else { high = middle }
      }
      guard low < pages.count, pages[low].index == index else { return nil }
      return pages[low].physical | offset & (UInt64(1) << shift - 1)
    }
    return MemorySpace(
      .file(path: path), pieces,
      bytes: { offset, buffer in
        var done = 0
        while done < buffer.count {
          let place = offset &+ UInt64(done)
          let step = min(buffer.count - done, Int(self.pageSize &- place & (self.pageSize - 1)))
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + step])
          if let physical = physical(place) {
            self.memory.copy(physical, into: part)
          } else {
            part.initializeMemory(as: UInt8.self, repeating: 0)
          }
          done += step
        }
      },
      place: { offset in
        guard let physical = physical(offset) else { return .whole }
        var locator = self.kernelPlace(physical)
        locator.other["file"] = path
        locator.other["file_offset"] = String(offset)
        return locator
      })
  }

  private func rest(overlap: Int) -> MemorySpace {
    var builder = PieceBuilder(pageSize: pageSize, pieceSize: Self.pieceSize, overlap: overlap)
    var open: Range<UInt64>?
    var first = 0
    for absent in known.absent() {
      while first < memory.runs.count, memory.runs[first].end <= absent.lowerBound { first += 1 }
      for run in memory.runs[first...].prefix(while: { $0.start < absent.upperBound }) {
        let part = max(run.start, absent.lowerBound)..<min(run.end, absent.upperBound)
        // Blocks of a compressed dump follow each other in memory.
        if let before = open, before.upperBound == part.lowerBound {
          open = before.lowerBound..<part.upperBound
        } else {
          if let open { builder.stretch(from: open.lowerBound, to: open.upperBound) }
          open = part
        }
      }
    }
    if let open { builder.stretch(from: open.lowerBound, to: open.upperBound) }
    let pieces = builder.finish()
    return MemorySpace(
      .rest, pieces, bytes: { self.memory.copy($0, into: $1) }, place: { self.restPlace($0) })
  }

  private func kernelPlace(_ physical: UInt64) -> Locator {
    var locator = Locator()
    locator.physical = physical
    locator.mapping = "kernel"
    if let kernel = snapshot?.kernel {
      let image = physical &+ kernel.placement.imageOffset
      locator.virtual = kernel.isInImage(image) ? image : kernel.directMap &+ physical
    }
    return locator
  }

  private func restPlace(_ physical: UInt64) -> Locator {
    var locator = kernelPlace(physical)
    guard let kernel = snapshot?.kernel, let states else {
      locator.mapping = nil
      return locator
    }
    if kernel.isInImage(physical &+ kernel.placement.imageOffset) { return locator }
    switch states.state(ofPageAt: physical) {
    case .kernel, .unknown: break
    case .free:
      locator.mapping = "unallocated"
      locator.virtual = nil
    case .anonymous:
      locator.mapping = "[anonymous]"
      locator.virtual = nil
    }
    return locator
  }

  // MARK: Sharing

  /// Pids of all processes that map these pages, by physical address of the page, at most 16 each. One walk of all page
  /// tables, whatever the number of pages.
  public func sharers(of addresses: [UInt64]) -> [UInt64: [Int64]] {
    let mask = pageSize - 1
    var found: [UInt64: [Int64]] = [:]
    for address in addresses { found[address & ~mask] = [] }
    if found.isEmpty { return [:] }
    var wanted = PageSet(memory.runs, pageShift: pageShift)
    for address in addresses { _ = wanted.insert(address) }
    var left = Self.walkLimit
    for process in processes {
      guard let memory = process.memory else { continue }
      forEachPage(of: memory, &left) { _, physical in
        guard wanted.contains(physical), let pids = found[physical & ~mask], pids.count < 16,
          pids.last != Int64(process.pid)
        else { return }
        found[physical & ~mask] = pids + [Int64(process.pid)]
      }
    }
    return found
  }

  /// Reads on in a process's address space from where a locator points, over page borders; nil where it names no place in
  /// the memory of a process of this dump.
  public func bytes(at locator: Locator, count: Int) -> [UInt8]? {
    guard let pid = locator.pid, let virtual = locator.virtual, virtual >> 63 == 0, let physical = locator.physical,
      let memory = processes.first(where: { Int64($0.pid) == pid })?.memory,
      memory.space.physical(virtual) == physical
    else { return nil }
    return memory.space.bytes(virtual, min(max(count, 0), 1 << 30)).bytes
  }
}
