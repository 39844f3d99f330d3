import Bytes

extension YaraEngine {
  /// The rules that can hold for any of several objects.
  public struct Selection {
    let part: YaraSubsets.Part

    /// Nothing need be run.
    public var isEmpty: Bool { part.count == 0 }
  }

  /// Looks through objects for the literals of the rules, so that on all of them together only rules that can hold are run.
  ///
  /// - Parameter objects: hands every object to the closure that it is given; called once.
  public func select(_ objects: ((YaraObject) -> Void) -> Void) -> Selection {
    slow = []
    let possible = prefilter.possible(for: nil, .init())
    let whole = Selection(part: .init(entries: possible, files: prefilter.opaque))
    guard possible.contains(where: { prefilter.entries[$0].strings.contains { $0.literals != nil } }) else {
      return whole
    }
    if index?.possible != possible { index = YaraIndex(possible, prefilter) }
    guard let index else { return whole }
    var found = [Bool](repeating: false, count: index.count)
    objects { object in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(object.blocks.lazy.map(\.byteCount).max() ?? 0, 1), alignment: 64)
      defer { buffer.deallocate() }
      for block in object.blocks {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<block.byteCount])
        object.fetch(block.address, part)
        let places = index.places(in: ByteView(UnsafeRawBufferPointer(part)), workers: 1)
        if places.isFull {
          for (number, count) in places.counts.enumerated() where count > 0 { found[number] = true }
        } else {
          for hit in places.hits { found[Int(hit.literal)] = true }
        }
      }
    }
    let left = prefilter.remaining(possible, in: nil, .init()) { literal in
      index.number(literal).map { found[$0] } ?? true
    }
    return Selection(part: .init(entries: left, files: prefilter.opaque))
  }

  /// The rules of a selection that hold for one object, as `YaraScanner.scan` tells them. In time, as for a whole file.
  public func scan(_ object: YaraObject, _ selection: Selection) throws(YaraError) -> YaraScanner.Result {
    if selection.isEmpty { return YaraScanner.Result() }
    // What was too slow for one process is for the next, and the time is wanted for them all.
    let left = YaraSubsets.Part(
      entries: selection.part.entries.filter { !slow.contains($0) }, files: selection.part.files)
    let known = names(.init(entries: selection.part.entries.filter { slow.contains($0) }, files: []))
    var result = YaraScanner.Result()
    if left.count > 0 { result = try scan(object, left) }
    result.tooSlow = (result.tooSlow + known).sorted()
    return result
  }

  private func scan(_ object: YaraObject, _ left: YaraSubsets.Part) throws(YaraError) -> YaraScanner.Result {
    do throws(YaraError) {
      guard let part = try subsets.scanner(for: left, options) else { return try scanner().scan(object) }
      return renamed(try part.scan(object))
    } catch {
      guard error.code == .timeout else { throw error }
      return renamed(
        try scanInParts(
          left, budget: options.timeout, until: .now + .seconds(options.timeout)
        ) { scanner throws(YaraError) in try scanner.scan(object) })
    }
  }
}
