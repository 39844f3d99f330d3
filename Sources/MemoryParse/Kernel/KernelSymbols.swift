/// Addresses by name: what was found by other ways, else kallsyms, else VMCOREINFO.
struct KernelSymbols {
  var kallsyms: Kallsyms?
  var vmcoreinfo: VMCoreInfo?
  /// Found by shape or by pointers, for kernels that do not name their data.
  var found: [String: UInt64] = [:]

  subscript(_ name: String) -> UInt64? { found[name] ?? kallsyms?[name] ?? vmcoreinfo?.symbol(name) }

  /// The kernel names its data as well as its functions (KALLSYMS_ALL).
  var namesData: Bool { kallsyms?["init_task"] != nil }
}
