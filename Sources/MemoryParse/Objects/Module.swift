/// A loaded module: `struct module`.
struct Module {
  var address: UInt64
  var name: String
  /// Of its code.
  var base: UInt64
  /// All parts together, as `/proc/modules` says.
  var byteCount: UInt64
  var taints: UInt64
  var arguments: String
  /// Seen in the list, in `/sys/module`, or by its pointer to itself in memory.
  var sources: ModuleSources
}

struct ModuleSources: OptionSet, Hashable {
  let rawValue: Int
  static let list = ModuleSources(rawValue: 1)
  static let sysfs = ModuleSources(rawValue: 2)
  static let memory = ModuleSources(rawValue: 4)

  var names: [String] {
    [(.list, "list"), (.sysfs, "sysfs"), (.memory, "memory")]
      .filter { (source: ModuleSources, _) in contains(source) }.map { $0.1 }
  }
}

/// Reads modules by three ways that do not depend on each other.
struct ModuleReader {
  private let kernel: Kernel
  private let own: Member?
  private let link: Member?
  private let nameMember: Member?
  private let state: Member?
  private let taints: Member?
  private let arguments: Member?

  init(_ kernel: Kernel) {
    self.kernel = kernel
    own = kernel.member("module", "mkobj.mod")
    link = kernel.member("module", "list")
    nameMember = kernel.member("module", "name")
    state = kernel.member("module", "state")
    taints = kernel.member("module", "taints")
    arguments = kernel.member("module", "args")
  }

  /// All modules; those of the list first, in its order. And whether the list led back to its head.
  func modules() -> (modules: [Module], listIsWhole: Bool) {
    var order: [UInt64] = []
    var sources: [UInt64: ModuleSources] = [:]
    func add(_ addresses: [UInt64], _ source: ModuleSources) {
      for address in addresses where isModule(address) {
        if sources[address] == nil { order.append(address) }
        sources[address, default: []].insert(source)
      }
    }
    let carved = carve()
    let (listed, isWhole) = listed(carved)
    add(listed, .list)
    add(inSysfs(carved), .sysfs)
    add(carved, .memory)
    return (order.compactMap { address in module(at: address, sources[address] ?? []) }, isWhole)
  }

  private func isModule(_ address: UInt64) -> Bool {
    kernel.isKernelAddress(address) && !(kernel.text(address, nameMember) ?? "").isEmpty
  }

  private func module(at address: UInt64, _ sources: ModuleSources) -> Module? {
    guard let name = kernel.text(address, nameMember) else { return nil }
    let (base, size) = extent(address)
    return Module(
      address: address, name: name, base: base, byteCount: size, taints: kernel.value(address, taints) ?? 0,
      arguments: kernel.string(address, arguments, limit: 1024) ?? "", sources: sources)
  }

  /// Two areas up to 6.3, an array of them from 6.4.
  private func extent(_ module: UInt64) -> (base: UInt64, size: UInt64) {
    if let base = kernel.member("module", "core_layout.base") {
      let core = kernel.value(module, kernel.member("module", "core_layout.size")) ?? 0
      let initial = kernel.value(module, kernel.member("module", "init_layout.size")) ?? 0
      return (kernel.value(module, base) ?? 0, core &+ initial)
    }
    guard let areas = kernel.member("module", "mem"), areas.elementSize > 0,
      let base = kernel.member("module_memory", "base"), let size = kernel.member("module_memory", "size")
    else { return (0, 0) }
    var total: UInt64 = 0
    for index in 0..<min(areas.elementCount, 16) {
      total &+= kernel.value(module &+ UInt64(areas.offset + index * areas.elementSize), size) ?? 0
    }
    return (kernel.value(module &+ UInt64(areas.offset), base) ?? 0, total)
  }

  // MARK: Ways

  private func listed(_ carved: [UInt64]) -> (modules: [UInt64], isWhole: Bool) {
    guard let link else { return ([], false) }
    let offset = UInt64(link.offset)
    if let head = kernel.symbols["modules"] {
      let walk = kernel.list(head)
      return (walk.links.map { $0 &- offset }, walk.isWhole)
    }
    // A kernel that does not name the list: any module is in it, and the element that is no module is its head.
    guard let first = carved.first else { return ([], false) }
    let walk = kernel.list(first &+ offset)
    let ring = [first] + walk.links.map { $0 &- offset }
    guard let head = ring.firstIndex(where: { kernel.value($0, own) != $0 }) else { return (ring, false) }
    return (Array(ring[(head + 1)...] + ring[..<head]), walk.isWhole)
  }

  private func inSysfs(_ carved: [UInt64]) -> [UInt64] {
    var set = kernel.symbols["module_kset"].flatMap { kernel.space.u64($0) }
    if set == nil, let first = carved.first { set = kernel.value(first, kernel.member("module", "mkobj.kobj.kset")) }
    guard let set, kernel.isKernelAddress(set), let kobject = kernel.member("module_kobject", "kobj") else { return [] }
    return kernel.list(kernel.address(set, kernel.member("kset", "list")), of: kernel.member("kobject", "entry"))
      .compactMap { kernel.pointer($0 &- UInt64(kobject.offset), kernel.member("module_kobject", "mod")) }
  }

  /// `mkobj.mod` of a module points to the module itself: found without any list.
  private func carve() -> [UInt64] {
    guard let own = own.map({ UInt64($0.offset) }) else { return [] }
    var found: [UInt64] = []
    for area in kernel.placement.architecture.moduleAreas(of: kernel.space.tables) {
      kernel.space.tables.forEachMapping(in: area, of: kernel.memory, limit: 1 << 18) {
        virtual, physical, size, flags in
        // The structure lies in data: pages that are written and not executed. Large blocks are no modules'.
        guard size <= 1 << 21, found.count < 4096 else { return true }
        var place: UInt64 = 0
        while place < size {
          let piece = kernel.memory.piece(at: physical &+ place).slice(0, Int(size - place))
          if piece.isEmpty { return true }
          for offset in stride(from: 0, to: piece.count & ~7, by: 8) {
            let owner = virtual &+ place &+ UInt64(offset) &- own
            if piece.u64(offset) == owner { found.append(owner) }
          }
          place += UInt64(piece.count)
        }
        return true
      }
    }
    return found.filter { address in
      guard let state = kernel.value(address, state), state < 4, let name = kernel.text(address, nameMember) else {
        return false
      }
      return !name.isEmpty
        && name.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x5F || byte == 0x2D
        }
    }
  }
}
