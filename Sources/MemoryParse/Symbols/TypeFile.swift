import Bytes

/// Types that the user gives, for kernels whose dump has none: BTF as it is or in an ELF file, or a Volatility 3 symbol file.
struct TypeFile {
  let types: any TypeSource
  /// `Linux version …` of the kernel that the file was made of; nil where the file does not say it, as bare BTF.
  let banner: String?

  /// - Parameter bytes: unpacked.
  /// - Returns: nil for what is none of these.
  init?(_ bytes: [UInt8]) {
    let found = bytes.withView { view -> (any TypeSource, String?)? in
      if BTF.Header(view) != nil { return BTF(bytes).map { ($0, nil) } }
      if view.u32(0) == 0x464C_457F {
        return Self.section(".BTF", of: view).flatMap { BTF($0.array) }.map { ($0, Self.banner(in: view)) }
      }
      return ISFTypes(view).map { ($0, $0.banner) }
    }
    guard let found else { return nil }
    (types, banner) = found
  }

  /// `linux_banner` of a whole vmlinux: the first such text that also has a build number. (The kernel's format strings
  /// begin alike.)
  private static func banner(in file: ByteView) -> String? {
    Array("Linux version ".utf8).withView { needle in
      var place = 0
      while let found = file.firstIndex(of: needle, from: place) {
        let text = file.slice(found, found + 512)
        let line = text.slice(0, min(text.firstIndex(of: 0) ?? text.count, text.firstIndex(of: 0x0A) ?? text.count))
        if line.contains(" #") { return line.string }
        place = found + needle.count
      }
      return nil
    }
  }

  /// A section of a 64-bit little-endian ELF file by its name.
  private static func section(_ name: StaticString, of file: ByteView) -> ByteView? {
    guard file[4] == 2, file[5] == 1, let table = file.u64(40).flatMap({ Int(exactly: $0) }),
      let size = file.u16(58).map({ Int($0) }), size >= 64, let count = file.u16(60).map({ Int($0) }),
      let namesIndex = file.u16(62).map({ Int($0) })
    else { return nil }
    func header(_ index: Int) -> ByteView { file.slice(table).slice(index * size, index * size + size) }
    func content(_ header: ByteView) -> ByteView? {
      guard let offset = header.u64(24).flatMap({ Int(exactly: $0) }),
        let length = header.u64(32).flatMap({ Int(exactly: $0) })
      else { return nil }
      return file.slice(offset).slice(0, length)
    }
    guard let names = content(header(namesIndex)) else { return nil }
    for index in 0..<count {
      let header = header(index)
      guard let place = header.u32(0) else { return nil }
      let text = names.slice(Int(place))
      if text.slice(0, text.firstIndex(of: 0) ?? 0) == name { return content(header) }
    }
    return nil
  }
}
