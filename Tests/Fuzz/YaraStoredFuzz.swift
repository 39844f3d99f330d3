import Bytes
@testable import Detectors

/// What is kept of rules between runs, as if somebody had changed it: nothing of it may lead outside.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzYaraStored(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  guard let (known, repair) = YaraStored.read(bytes, 4), let known else { return 0 }
  let prefilter = known.prefilter
  _ = known.rules.value
  precondition(prefilter.entries.allSatisfy { $0.source < 4 })
  let again = YaraStored.read(YaraStored.form(known, repair), 4)
  precondition(again?.known?.prefilter.entries == prefilter.entries)
  for index in prefilter.entries.indices { _ = prefilter.family(index) }
  bytes.withView { view in
    let possible = prefilter.possible(for: YaraSubject(view), .init())
    guard let index = YaraIndex(possible, prefilter) else { return }
    let places = index.places(in: view, workers: 1)
    _ = prefilter.remaining(possible, in: YaraSubject(view), .init()) { number in
      index.number(number).map { places.counts[$0] > 0 } ?? true
    }
  }
  return 0
}
