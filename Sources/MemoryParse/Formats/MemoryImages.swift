import Bytes

/// The way from a file to an image: which format, and the reader for it.
public enum MemoryImages {
  /// How many bytes from the start `recognize` wants to see. It does with fewer, where it is less sure of ELF cores.
  public static let headByteCount = 8192

  /// The name of the format that a file begins with: `lime`, `avml`, `elf-core`, `kdump`, `raw`; nil when it is no memory
  /// image. The format decides by its own magic; bare memory has none, so only a file that is named like memory and has
  /// the length of memory is `raw`.
  /// - Parameters:
  ///   - head: the file's first bytes (after gzip and the like are undone).
  ///   - byteCount: the length of the whole file.
  ///   - name: its name or path.
  public static func recognize(head: ByteView, byteCount: UInt64, name: String) -> String? {
    if LiMELayout.recognizes(head) { return "lime" }
    if AVMLLayout.header(head) != nil { return "avml" }
    if KdumpHeader.recognizes(head) { return "kdump" }
    if head.hasPrefix(FlattenedFile.signature) {
      // makedumpfile writes a kdump header first, but the one of an ELF core last. (`open` looks further.)
      let first = head.slice(FlattenedFile.headerByteCount + 16)
      return first.count < 8 || KdumpHeader.recognizes(first) ? "kdump" : "elf-core"
    }
    if ELFCore.recognizes(head) { return "elf-core" }
    return looksRaw(head, byteCount: byteCount, name: name) ? "raw" : nil
  }

  /// Opens an image.
  /// - Parameters:
  ///   - format: as `recognize` gave it; nil to find out (`raw` is then not considered).
  ///   - layout: of a `raw` file; nil to find out, which reads such a file once at least.
  /// - Throws: where there is nothing to read. A damaged image opens; what is wrong with it is in the report.
  public static func open(
    _ file: MappedFile, as format: String? = nil, layout: RawLayout? = nil
  ) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let head = file.view(at: 0, count: headByteCount)
    switch format ?? recognize(head: head, byteCount: file.byteCount, name: "") {
    case "lime": return try LiMELayout.open(file)
    case "avml": return try AVMLLayout.open(file)
    case "kdump", "elf-core":
      let source = FlattenedFile(file)
      return try source.isKdump ? Kdump.open(source) : ELFCore.open(source)
    case "raw": return try openRaw(file, layout)
    case let format?: throw MemoryImageError(.unsupported, "\(format) is not a format of memory images")
    case nil: throw MemoryImageError(.unrecognized, "no format of memory images begins like this file")
    }
  }

  /// Opens what is known to be an image, since places of physical memory are told of it: without a mark of its own it is raw.
  public static func reopen(_ file: MappedFile) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    let head = file.view(at: 0, count: headByteCount)
    return try open(file, as: recognize(head: head, byteCount: file.byteCount, name: "") ?? "raw")
  }

  private static func openRaw(
    _ file: MappedFile, _ layout: RawLayout?
  ) throws(MemoryImageError) -> (any MemoryImage, ImageReport) {
    if let layout { return try layout.open(file) }
    let plain = try RawLayout.identity.open(file)
    let found = RawLayoutSearch(plain.0) { try? $0.open(file).0 }.layout()
    return found == .identity ? plain : try found.open(file)
  }

  private static func looksRaw(_ head: ByteView, byteCount: UInt64, name: String) -> Bool {
    // Whole pages, and at least 1 MiB: less than any Linux runs in.
    guard byteCount >= 1 << 20 && byteCount % 4096 == 0 || RawLayout.isCompressed(head) else { return false }
    let file = name.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let endings = [".raw", ".mem", ".vmem", ".dd", ".img", ".bin", ".dump", ".dmp", ".padded", ".ram"]
    let plain = ["raw", "mem", "vmem", "padded", "ram"]
    guard let dot = file.lastIndex(of: "."), endings.contains(String(file[dot...])) else { return false }
    // `.img`, `.dd` and the like are as often disks: there the name must also speak of memory.
    return plain.contains(String(file[dot...].dropFirst())) && !isDisk(head)
      || ["mem", "ram", "lime", "avml"].contains(where: { file.contains($0) }) && !isDisk(head)
  }

  /// A boot sector with its signature, or an ext superblock: a disk, whatever its name.
  private static func isDisk(_ head: ByteView) -> Bool {
    head.u16(510) == 0xAA55 || head.u16(1024 + 56) == 0xEF53
  }
}
