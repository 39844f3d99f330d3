/// Where the layout of the kernel's structures comes from: BTF in the dump, or a symbol file given by the user.
protocol TypeSource: AnyObject {
  /// `BTF`, or the name of the file.
  var origin: String { get }

  /// Where a member lies in a structure. The path may go through members (`tkr_mono.shift`), anonymous structures and
  /// unions are looked through, and `name[3]` means an element of an array. Nil where there is no such member.
  func member(_ structure: String, _ path: String) -> Member?

  /// Size of a structure or union in bytes.
  func size(_ structure: String) -> Int?

  /// Value of an enumerator, whatever its enum.
  func enumerator(_ name: String) -> Int64?
}

/// A member of a structure.
struct Member: Hashable {
  /// Bytes from the start of the structure.
  var offset: Int
  /// Bytes that it takes; of a bit field, of its storage.
  var size: Int
  /// Of a bit field: its first bit counted from `offset`, and its width. Width 0 for all else.
  var bitOffset = 0
  var bitCount = 0
  /// Of an array: the number and size of its elements.
  var elementCount = 0
  var elementSize = 0
}

extension TypeSource {
  func has(_ structure: String, _ path: String) -> Bool { member(structure, path) != nil }

  /// The first of several members that exists: names change from version to version.
  func member(_ structure: String, anyOf paths: String...) -> Member? {
    for path in paths {
      if let found = member(structure, path) { return found }
    }
    return nil
  }

  func offset(_ structure: String, _ path: String) -> UInt64? {
    member(structure, path).map { UInt64($0.offset) }
  }
}
