import Bytes

/// Writes a Volatility 3 symbol file out of a dump: types from BTF, addresses from kallsyms less the slide, and the banner by
/// which Volatility finds the file.
struct ISFExport {
  let kernel: Kernel

  /// BTF has no variables but per-CPU ones: the types of those that plug-ins ask for are told here.
  private static let structures: [String: String] = [
    "init_task": "task_struct", "init_pid_ns": "pid_namespace", "modules": "list_head",
    "net_namespace_list": "list_head",
    "init_net": "net", "super_blocks": "list_head", "init_mm": "mm_struct", "init_uts_ns": "uts_namespace",
    "init_user_ns": "user_namespace", "tcp_hashinfo": "inet_hashinfo", "socket_file_ops": "file_operations",
    "sockfs_dentry_operations": "dentry_operations", "init_files": "files_struct", "iomem_resource": "resource",
    "mod_tree": "mod_tree_root", "prog_idr": "idr", "tty_drivers": "list_head", "bpf_kallsyms": "list_head",
    "ftrace_mod_maps": "list_head", "keyboard_notifier_list": "atomic_notifier_head",
  ]
  private static let pointers: [String: String] = ["module_kset": "kset", "prb": "printk_ringbuffer"]
  private static let numbers = ["cap_last_cap": "int", "num_registered_fb": "int"]

  /// - Returns: nil where the dump has no types of its own or no symbols.
  func json() -> [UInt8]? {
    guard let types = kernel.types as? BTF, let kallsyms = kernel.symbols.kallsyms, let text = kernel.symbols["_text"]
    else {
      return nil
    }
    // Link-time addresses: the image of x86-64 is linked for a fixed place; elsewhere no slide is taken away.
    let linked: UInt64 = 0xFFFF_FFFF_8100_0000
    let slide = kernel.architectureName == "x86_64" ? text &- linked : 0
    var writer = JSONWriter()
    writer.object { root in
      root.field("metadata", object: metadata)
      types.withBlob { BTFExport(types: types, view: $0).write(to: &root) }
      root.object("symbols") { symbols in write(kallsyms, slide, types, to: &symbols) }
    }
    return writer.bytes
  }

  private func metadata(_ writer: inout JSONWriter) {
    writer.object("producer") { producer in
      producer.field("name", "ir-analyze")
      producer.field("version", "\(MemoryAnalysis.version)")
    }
    writer.field("format", "6.2.0")
    writer.object("linux") { linux in
      for (part, kind) in [("types", "dwarf"), ("symbols", "symtab")] {
        linux.field(
          part,
          array: { list in
            list.object { source in
              source.field("kind", kind)
              source.field("name", "memory image")
              source.field("hash_type", "sha256")
              source.field("hash_value", String(repeating: "0", count: 64))
            }
          })
      }
    }
  }

  private func write(_ kallsyms: Kallsyms, _ slide: UInt64, _ types: BTF, to writer: inout JSONWriter) {
    var seen: Set<String> = ["linux_banner"]
    let bannerAddress = kernel.symbols["linux_banner"] ?? 0
    let banner = Array(kernel.banner.utf8) + [0x0A, 0]
    writer.object("linux_banner") { symbol in
      symbol.field("address", bannerAddress &- slide)
      symbol.object("type") { type in
        type.field("kind", "array")
        type.field("count", banner.count)
        type.object("subtype") { element in
          element.field("kind", "base")
          element.field("name", "char")
        }
      }
      symbol.field("constant_data", Self.base64(banner))
    }
    let clock = [
      "tk_core": BTFExport.holder(of: "timekeeper", in: types),
      "timekeeper_data": types.id(of: "tk_data") == nil ? nil : "tk_data",
    ]
    let taints = taintFlags(types)
    kallsyms.names.forEach { index, text in
      let name = text.dropFirst(1).string
      guard let address = kallsyms.address(at: index), seen.insert(name).inserted else { return }
      writer.object(name) { symbol in
        symbol.field("address", address >> 63 == 1 ? address &- slide : address)
        if let structure = Self.structures[name] ?? clock[name].flatMap({ $0 }) {
          symbol.object("type") { BTFExport.named("struct", structure, &$0) }
        } else if let target = Self.pointers[name] {
          symbol.object("type") { type in
            type.field("kind", "pointer")
            type.object("subtype") { BTFExport.named("struct", target, &$0) }
          }
        } else if let base = Self.numbers[name] {
          symbol.object("type") { BTFExport.named("base", base, &$0) }
        } else if name == "taint_flags", let taints {
          symbol.object("type") { type in
            type.field("kind", "array")
            type.field("count", taints)
            type.object("subtype") { BTFExport.named("struct", "taint_flag", &$0) }
          }
        }
      }
    }
  }

  /// The number of taint flags, 18 or 19 in the kernels that have the table.
  private func taintFlags(_ types: BTF) -> Int? {
    guard let size = types.size("taint_flag"), size > 0, let start = kernel.symbols["taint_flags"] else { return nil }
    var count = 0
    // Each entry begins with two letters: what is set and what is not.
    while count < 32, let word = kernel.space.u64(start &+ UInt64(count * size)), word & 0xFF >= 0x41,
      word & 0xFF <= 0x5A
    {
      count += 1
    }
    return count > 0 ? count : nil
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for index in 0..<3 { bits = bits << 8 | (index < part.count ? UInt32(part[start + index]) : 0) }
      for index in 0..<4 {
        text.append(index <= part.count ? letters[Int(bits >> UInt32(18 - 6 * index) & 63)] : 0x3D)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
