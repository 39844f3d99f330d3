import Bytes
import MemoryParse
import Testing

/// What an image says of a range: the bytes it has there, `nil` for each that is missing.
func contents(_ image: any MemoryImage, _ start: UInt64, _ count: Int) -> [UInt8?] {
  var found: [UInt8?] = []
  while found.count < count {
    var buffer = [UInt8](repeating: 0xA5, count: count - found.count)
    let number = buffer.withUnsafeMutableBytes { image.read(physical: start &+ UInt64(found.count), into: $0) }
    if number == 0 { found.append(nil) } else { found += buffer[0..<number].map { $0 } }
  }
  return found
}

func bytes(_ image: any MemoryImage, _ start: UInt64, _ count: Int) -> [UInt8] {
  contents(image, start, count).compactMap { $0 }
}

/// Header, memory and what was skipped make up the file: nothing is counted twice or lost.
func expectWholeAccount(
  _ report: ImageReport, _ byteCount: UInt64, sourceLocation: SourceLocation = #_sourceLocation
) {
  let skipped = report.skipped.reduce(0) { $0 + $1.end - $1.start }
  #expect(
    report.headerByteCount + report.payloadByteCount + skipped == byteCount, sourceLocation: sourceLocation)
  for part in report.skipped { #expect(part.start < part.end && part.end <= byteCount) }
}

extension ImageReport {
  var damageText: String { damage.joined(separator: " ") }
}
