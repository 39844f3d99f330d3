import Bytes

/// How a kernel of one processor architecture is found in physical memory.
///
/// With `PageTables` the only place that knows the processor. Objects and views see a `Kernel`.
protocol Architecture {
  /// As `uname -m` says it.
  static var name: String { get }

  /// Virtual less physical address of the kernel image, as VMCOREINFO says it; nil where it is another processor's.
  static func imageOffset(_ info: VMCoreInfo) -> UInt64?

  /// From VMCOREINFO, with a proof that what it says holds in this dump; nil where it does not.
  static func place(_ info: VMCoreInfo, in memory: PhysicalMemory) -> Placement?

  /// From symbols found by their shape. Addresses of a place-relative table are physical.
  ///
  /// - Parameter banners: gives the places of `Linux version ` in the dump.
  static func place(_ kallsyms: Kallsyms, in memory: PhysicalMemory, banners: () -> [UInt64]) -> Placement?

  /// From init_task alone, whose virtual and physical address are known.
  static func place(_ task: InitTask, in memory: PhysicalMemory, _ types: any TypeSource) -> Placement?

  /// True where the kernel image can lie.
  static func isImageAddress(_ virtual: UInt64) -> Bool

  /// Virtual address that physical 0 has, or would have, in the direct map.
  static func directMap(of kernel: KernelSymbols, _ space: AddressSpace, taskPointer: UInt64?) -> UInt64?

  /// Virtual address of the `struct page` of frame 0; nil where it has to be searched for.
  static func pageArray(of kernel: KernelSymbols, _ space: AddressSpace) -> UInt64?

  /// Where the array of `struct page` can begin.
  static func pageArrayAreas(of tables: any PageTables) -> [ClosedRange<UInt64>]

  /// Where modules can be mapped.
  static func moduleAreas(of tables: any PageTables) -> [ClosedRange<UInt64>]
}

/// Where a kernel lies: its page table, and what lies between a virtual and a physical address of its image.
struct Placement {
  var architecture: any Architecture.Type
  var tables: any PageTables
  /// Virtual less physical address of the kernel image, wrapping.
  var imageOffset: UInt64
  /// What it rests on, for the report.
  var proof: String

  func physical(_ imageAddress: UInt64) -> UInt64 { imageAddress &- imageOffset }
}

/// The kernel's first task, which is its own parent and so tells its own virtual address.
struct InitTask: Equatable {
  var virtual: UInt64
  var physical: UInt64
}
