/// What a page table says of one virtual address.
enum Translation: Equatable {
  /// Where the byte lies, and the size of the page or block that holds it.
  case mapped(physical: UInt64, size: UInt64, PageAttributes)
  /// Nothing is mapped there.
  case none
  /// The page is in swap, or on the move: not in memory.
  case swapped
  /// A page of the table itself is not in the dump.
  case tableMissing

  var physical: UInt64? {
    if case .mapped(let physical, _, _) = self { return physical }
    return nil
  }
}

struct PageAttributes: OptionSet {
  let rawValue: UInt8
  static let writable = PageAttributes(rawValue: 1)
  static let executable = PageAttributes(rawValue: 2)
  static let user = PageAttributes(rawValue: 4)
  /// Not accessible to its owner (PROT_NONE), but there.
  static let protected = PageAttributes(rawValue: 8)
}

/// The page tables of one processor architecture, from one top table on.
///
/// With `Architecture` this is the only place that knows how a processor maps memory; everything above asks an
/// `AddressSpace` and sees neither page size nor table form.
protocol PageTables {
  /// Of the smallest page: 12, 14 or 16.
  var pageShift: Int { get }

  /// Walks the table for one address.
  func translate(_ virtual: UInt64, in memory: PhysicalMemory) -> Translation

  /// Calls the body for each mapping that lies in `range`, in order. Table pages that are missing are passed over. Stops
  /// when the body returns false or after `limit` mappings.
  func forEachMapping(
    in range: ClosedRange<UInt64>, of memory: PhysicalMemory, limit: Int,
    _ body: (_ virtual: UInt64, _ physical: UInt64, _ size: UInt64, _ attributes: PageAttributes) -> Bool)

  /// The same form with another top table: the one of a process.
  func userTables(root: UInt64) -> any PageTables

  /// The address without what the processor ignores (tags in the top byte).
  func canonical(_ virtual: UInt64) -> UInt64
}

extension PageTables {
  func canonical(_ virtual: UInt64) -> UInt64 { virtual }
}
