import Bytes

/// What opening an image told about it: the facts of its headers, what is damaged, and what became of every byte of
/// the file. `headerByteCount + payloadByteCount` and the lengths of `skipped` add up to the file's length.
public struct ImageReport: Sendable {
  /// One line of the headers, for the reader of a report.
  public struct Fact: Hashable, Sendable {
    public var name: String
    public var value: String
  }

  /// A note of an ELF core, or what a kdump header keeps in the same form.
  public struct Note: Hashable, Sendable {
    public var name: String
    public var type: UInt32
    /// Of the note's contents in the file.
    public var fileOffset: UInt64
    public var bytes: [UInt8]
  }

  /// Bytes of the file that are neither header nor memory. Half open.
  public struct Skipped: Hashable, Sendable {
    public var start: UInt64
    public var end: UInt64
    public var reason: String
  }

  /// As in `MemoryImage.format`.
  public var format: String
  /// The format's own version number.
  public var version: String
  /// `zlib`, `snappy` …; nil where memory lies in the file as it was.
  public var compression: String?
  /// `x86_64`, `aarch64`, where the format says it.
  public var machine: String?
  public var facts: [Fact] = []
  public var notes: [Note] = []
  /// The image's runs, with their places in the file.
  public var runs: [PhysicalRun] = []
  /// What is wrong with the file, a sentence each.
  public var damage: [String] = []
  public var skipped: [Skipped] = []
  public var headerByteCount: UInt64 = 0
  /// File bytes that hold memory (compressed ones where the format compresses).
  public var payloadByteCount: UInt64 = 0

  init(format: String, version: String) {
    self.format = format
    self.version = version
  }

  mutating func state(_ name: String, _ value: String) { facts.append(Fact(name: name, value: value)) }

  /// Takes the accounts of the file's bytes over.
  mutating func take(_ accounts: FileAccounts.Closed) {
    headerByteCount = accounts.header
    payloadByteCount = accounts.payload
    skipped = accounts.skipped
  }

  /// The text of VMCOREINFO where the dump carries it as a note.
  public var vmcoreinfo: [UInt8]? { notes.first { $0.name == "VMCOREINFO" }?.bytes }

  /// CR3 of each virtual processor, from QEMU's notes (x86-64 only; QEMU writes none for AArch64). A way to page tables
  /// that needs no symbol. The low 12 bits may hold a PCID, and with page-table isolation bit 12 tells the user's copy.
  ///
  /// QEMUCPUState, target/i386/arch_dump.c: 440 bytes, `cr[5]` at 392.
  public var pageTableRoots: [UInt64] {
    notes.compactMap { note in
      guard note.name == "QEMU", note.type == 0, note.bytes.count >= 440 else { return nil }
      return note.bytes.withView { $0.u64(416) }
    }
  }
}
