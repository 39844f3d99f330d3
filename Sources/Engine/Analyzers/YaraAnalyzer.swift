import ArtifactStore
import Bytes
import Detectors
import Evidence
import Foundation

/// Scans an artifact, with outer compression undone, with the YARA rules.
struct YaraAnalyzer: Analyzer {
  let name = "yara"
  let usesRules = true

  func version(options: [String: String]) -> String { "1.\(YaraDetector.version)" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let rules = try surroundings.rules.yara(expected: unit.rules)
    let stream = try surroundings.decoded(unit.artifact)
    if stream.encodings.isEmpty {
      // Mapped: libyara reads the file as it lies, whatever its size, and offsets are the artifact's own.
      let file = try surroundings.store.objects.open(unit.artifact)
      try YaraDetector.scan(file.view, with: rules, artifact: unit.artifact, encodings: [], into: result)
      return
    }
    let content = try ScratchFile(stream)
    try YaraDetector.scan(
      content.file.view, with: rules, artifact: unit.artifact, encodings: stream.encodings, into: result)
  }
}

/// A decoded stream as a file without a name, mapped: whole-object conditions (`filesize`, offsets) stay exact without holding
/// it in memory.
private struct ScratchFile {
  let file: MappedFile

  init(_ stream: any ByteStream) throws {
    let path = "\(FileManager.default.temporaryDirectory.path)/ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot make a temporary file: \(systemMessage())") }
    defer {
      close(descriptor)
      unlink(path)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try stream.read(into: buffer)
      if count == 0 { break }
      var done = 0
      while done < count {
        let written = write(descriptor, buffer.baseAddress?.advanced(by: done), count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw BytesError(.cannotRead, "cannot write a temporary file: \(systemMessage())") }
        done += written
      }
    }
    file = try MappedFile(path: path)
  }
}
