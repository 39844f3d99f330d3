import Bytes

extension YaraEngine {
  /// The rules that can hold for any of several objects.
  public struct Selection {
    let part: Part

    /// Nothing need be run.
    public var isEmpty: Bool { part.count == 0 }
  }

  /// Looks through objects for the literals of the rules, so that on all of them together only rules that can hold are run.
  ///
  /// - Parameter objects: hands every object to the closure that it is given; called once.
  public func select(_ objects: ((YaraObject) -> Void) -> Void) -> Selection {
    let possible = prefilter.possible(for: nil, .init())
    let whole = Selection(part: Part(entries: possible, files: prefilter.opaque))
    guard possible.contains(where: { prefilter.entries[$0].literals.contains { $0 != nil } }) else { return whole }
    if index?.possible != possible { index = makeIndex(possible) }
    guard let index else { return whole }
    var found = [Bool](repeating: false, count: index.literals.count)
    var isKnown = true
    objects { object in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(object.blocks.lazy.map(\.byteCount).max() ?? 0, 1), alignment: 64)
      defer { buffer.deallocate() }
      for block in object.blocks where isKnown {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<block.byteCount])
        object.fetch(block.address, part)
        guard let numbers = index.search.numbers(in: ByteView(UnsafeRawBufferPointer(part))) else {
          isKnown = false
          return
        }
        for number in numbers where found.indices.contains(number) { found[number] = true }
      }
    }
    guard isKnown else { return whole }
    let left = prefilter.remaining(possible, in: nil, .init()) { literal in
      index.literals[literal].map { found[$0] } ?? true
    }
    return Selection(part: Part(entries: left, files: prefilter.opaque))
  }

  /// The rules of a selection that hold for one object, as `YaraScanner.scan` tells them. In time, as for a whole file.
  public func scan(_ object: YaraObject, _ selection: Selection) throws(YaraError) -> YaraScanner.Result {
    if selection.isEmpty { return YaraScanner.Result() }
    do throws(YaraError) {
      guard let part = try scanner(for: selection.part) else { return try scanner.scan(object) }
      return renamed(try part.scan(object))
    } catch {
      guard error.code == .timeout else { throw error }
      return try scanInHalves(selection.part) { scanner throws(YaraError) in try scanner.scan(object) }
    }
  }
}
