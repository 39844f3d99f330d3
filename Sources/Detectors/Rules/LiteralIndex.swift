import Bytes
import CHyperscan

/// Says which of some thousand literals occur in short texts, each in one pass by Hyperscan. Immutable; each thread takes a
/// `Search` of its own. For places in large objects there is `MaskedIndex`.
final class LiteralIndex: @unchecked Sendable {
  struct Literal: Hashable, Sendable {
    var bytes: [UInt8]
    /// ASCII letters in either case.
    var isCaseless = false
  }

  /// Longer literals are cut: sixteen bytes decide nearly as well as all, at half the cost.
  static let maximumLength = 16

  private let database: OpaquePointer
  /// Of literals.
  private let count: Int

  /// nil where there is nothing to look for, or Hyperscan refuses; the caller then does without.
  init?(_ literals: [Literal]) {
    guard let database = Self.compile(literals) else { return nil }
    self.database = database
    count = literals.count
  }

  /// Every place of every literal is told. Hyperscan can tell of each literal the first place only, which takes half as long again.
  static func compile(_ literals: [Literal]) -> OpaquePointer? {
    guard !literals.isEmpty, literals.allSatisfy({ !$0.bytes.isEmpty }) else { return nil }
    let cut = literals.map { Array($0.bytes.prefix(maximumLength)) }
    let flags = literals.map { $0.isCaseless ? UInt32(HS_FLAG_CASELESS) : 0 }
    // One run of bytes holds them all; the pointers go into it.
    return compile(Array(cut.joined()), cut.map(\.count), flags)
  }

  deinit { hs_free_database(database) }

  private static func compile(_ joined: [UInt8], _ lengths: [Int], _ flags: [UInt32]) -> OpaquePointer? {
    let ids = (0..<UInt32(lengths.count)).map { $0 }
    var created: OpaquePointer?
    var failure: UnsafeMutablePointer<hs_compile_error_t>?
    let code = joined.withUnsafeBytes { buffer in
      var place = 0
      let pointers: [UnsafePointer<CChar>?] = lengths.map { length in
        defer { place += length }
        return buffer.baseAddress.map { ($0 + place).assumingMemoryBound(to: CChar.self) }
      }
      return hs_compile_lit_multi(
        pointers, flags, ids, lengths, UInt32(lengths.count), UInt32(HS_MODE_BLOCK), nil, &created, &failure)
    }
    if let failure { hs_free_compile_error(failure) }
    guard code == HS_SUCCESS, let created else { return nil }
    return created
  }

  /// What one thread needs to search. Not to be used by two at a time.
  final class Search {
    /// Literals that were found, each once.
    private struct Found {
      let numbers: UnsafeMutablePointer<UInt32>
      var count = 0
      /// By number; all false between searches.
      let isFound: UnsafeMutablePointer<Bool>
    }

    private let index: LiteralIndex
    private var scratch: OpaquePointer?
    private var found: Found

    init?(_ index: LiteralIndex) {
      self.index = index
      found = Found(numbers: .allocate(capacity: index.count), isFound: .allocate(capacity: index.count))
      found.isFound.initialize(repeating: false, count: index.count)
      guard hs_alloc_scratch(index.database, &scratch) == HS_SUCCESS else { return nil }
    }

    deinit {
      hs_free_scratch(scratch)
      found.numbers.deallocate()
      found.isFound.deallocate()
    }

    /// Hands on the numbers of the literals in a short text, each once, if there are any; false where the search failed.
    func numbers(in text: ByteView, _ body: (UnsafeBufferPointer<UInt32>) -> Void) -> Bool {
      let code = withUnsafeMutablePointer(to: &found) { user in
        hs_scan(
          index.database, text.unsafeBytes.baseAddress?.assumingMemoryBound(to: CChar.self),
          UInt32(clamping: text.count), 0, scratch,
          { id, _, _, _, user in
            guard let user else { return 0 }
            let found = user.assumingMemoryBound(to: Found.self)
            if found.pointee.isFound[Int(id)] { return 0 }
            found.pointee.isFound[Int(id)] = true
            found.pointee.numbers[found.pointee.count] = id
            found.pointee.count += 1
            return 0
          }, user)
      }
      let numbers = UnsafeBufferPointer(start: found.numbers, count: found.count)
      if code == HS_SUCCESS, !numbers.isEmpty { body(numbers) }
      for number in numbers { found.isFound[Int(number)] = false }
      found.count = 0
      return code == HS_SUCCESS
    }
  }
}
