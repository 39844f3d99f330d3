import Bytes

/// Types that the user gives, for kernels whose dump has none: BTF as it is or in an ELF file, or a Volatility 3 symbol file.
enum TypeFile {
  /// - Parameter bytes: unpacked.
  /// - Returns: nil for what is none of these.
  static func types(_ bytes: [UInt8]) -> (any TypeSource)? {
    bytes.withView { view -> (any TypeSource)? in
      if BTF.Header(view) != nil { return BTF(bytes) }
      if view.u32(0) == 0x464C_457F { return section(".BTF", of: view).flatMap { BTF($0.array) } }
      return ISFTypes(view)
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
