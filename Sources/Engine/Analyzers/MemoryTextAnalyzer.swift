import Bytes
import Detectors
import Evidence
import MemoryParse

/// Searches every byte of a memory image with the text detectors, and says in whose memory each hit lies: of which process,
/// at which virtual address, in which mapping; in the kernel's; or on a free page.
///
/// Each page is looked at once, in the order of the address space that has it, so that a text over the border of two pages
/// is whole wherever the two lie in physical memory. UTF-16 is read too. Secrets are sought in the same pass.
struct MemoryTextAnalyzer: Analyzer {
  let name = "memory-text"

  func version(options: [String: String]) -> String {
    "3.\(MemoryAnalysis.version).\(TextDetectors.version).\(SecretSearch.version)"
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let file = try surroundings.store.objects.open(unit.artifact)
    let (image, _) = try MemoryImages.open(file, as: unit.options["format"])
    Self.search(MemorySpaces(image), artifact: unit.artifact, byteCount: file.byteCount, into: result)
  }

  static func search(_ spaces: MemorySpaces, artifact: Digest, byteCount: UInt64, into result: any ResultSink) {
    var found = TextFindings(artifact: artifact)
    var secrets = SecretFindings(artifact: artifact)
    var buffer = PieceBuffer()
    spaces.forEach(overlap: TextFindings.overlap) { space in
      for piece in space.pieces {
        buffer.withBytes(of: piece, in: space) { bytes in
          func place(_ range: Range<Int>) -> Locator {
            var place = space.locator(piece.address &+ UInt64(range.lowerBound))
            place.length = UInt64(range.count)
            return place
          }
          for detection in TextDetectors.scan(bytes, .bytes) + WideText.detections(in: bytes)
          where piece.tells(detection.range) {
            let place = place(detection.range)
            found.add(detection, at: place, holder: MemoryHolder.name(of: place, in: space))
          }
          for secret in SecretSearch.scan(bytes) where piece.tells(secret.range) {
            let place = place(secret.range)
            // Libraries bring keys to test themselves with.
            if let file = place.other["file"] ?? place.mapping, PathFacts.isProgramFile(file) { continue }
            secrets.add(secret, at: place, holder: MemoryHolder.name(of: place, in: space))
          }
        }
      }
    }
    let sharing = MemoryHolder.Sharing(found.places + secrets.places, spaces)
    found.report(into: result) { sharing.completed($0) }
    secrets.report(into: result) { sharing.completed($0) }
    let reason = spaces.failure.map { "searched by the text detectors; hits have no owner, since \($0)" }
    result.coverage(Coverage(.scanned, 0..<byteCount, reason: reason ?? "searched by the text detectors"))
  }
}

/// One buffer for all pieces, as long as the longest.
struct PieceBuffer: ~Copyable {
  private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)

  deinit { buffer.deallocate() }

  mutating func withBytes(of piece: MemoryPiece, in space: MemorySpace, _ body: (ByteView) -> Void) {
    let count = max(piece.byteCount, 0)
    if buffer.count < count {
      buffer.deallocate()
      buffer = .allocate(byteCount: count, alignment: 64)
    }
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count])
    space.read(piece.address, into: part)
    body(ByteView(UnsafeRawBufferPointer(part)))
  }
}

/// Words for whose memory a place is in.
enum MemoryHolder {
  static func name(of place: Locator, in space: MemorySpace) -> String? {
    switch space.owner {
    case .process: "\(space.title) \(place.mapping ?? "")"
    case .file: space.title
    case .rest:
      switch place.mapping {
      case "kernel": "the kernel"
      case "unallocated": "no process (free pages)"
      case nil: nil
      default: "no process that is known"
      }
    }
  }

  /// Which other processes map the pages of places.
  struct Sharing {
    private let pids: [UInt64: [Int64]]
    private let pageMask: UInt64

    init(_ places: [Locator], _ spaces: MemorySpaces) {
      pids = spaces.sharers(of: places.compactMap { $0.pid == nil ? nil : $0.physical })
      pageMask = ~(spaces.pageByteCount - 1)
    }

    /// The place with the others that share its page: `shared=463,465`.
    func completed(_ place: Locator) -> Locator {
      guard let own = place.pid, let physical = place.physical, let pids = pids[physical & pageMask] else {
        return place
      }
      let others = pids.filter { $0 != own }
      guard !others.isEmpty else { return place }
      var place = place
      place.other["shared"] = others.prefix(8).map(String.init).joined(separator: ",") + (others.count > 8 ? ",…" : "")
      return place
    }
  }
}
