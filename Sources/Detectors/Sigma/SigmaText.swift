import Bytes
import Evidence

/// Everything in an event in which a field's value can stand, one text after the other, for looking for literals.
///
/// May only hold too much: what is missing here costs findings. Where `SigmaRecord` makes a value that stands in no
/// attribute, this adds what the value's telling part needs.
struct SigmaText {
  private(set) var bytes: [UInt8] = []

  mutating func fill(
    _ event: Event, _ kinds: [SigmaSource.Kind], _ maker: SigmaRecordMaker, asksTime: Bool
  ) {
    bytes.removeAll(keepingCapacity: true)
    for attribute in event.attributes {
      switch attribute.value {
      case .text(let text): add(text)
      case .texts(let texts): for text in texts { add(text) }
      default: add(attribute.value.text)
      }
    }
    add(event.message)
    if asksTime, let time = event.time { add("\(time)") }
    for kind in kinds {
      switch kind {
      case .process: addPrograms(event, maker)
      case .webServer: addAddress(event)
      case .cloudTrail: addObjects(event)
      default: break
      }
    }
    addFolded()
  }

  private mutating func add(_ text: String) {
    let isAdded: Void? = text.utf8.withContiguousStorageIfAvailable { bytes.append(contentsOf: $0) }
    if isAdded == nil { bytes.append(contentsOf: text.utf8) }
    bytes.append(0x0A)
  }

  /// `/name` for every word that may be a program: a rule asks for `/curl` where the line says `curl`.
  private mutating func addPrograms(_ event: Event, _ maker: SigmaRecordMaker) {
    for name in ["command_line", "command"] {
      if case .text(let line)? = event[name] { addWords(line) }
    }
    switch event.dataType {
    case "linux:shell:command": if let shell = event.text("shell") { addWords(shell) }
    case "linux:auth:entry": add("/usr/bin/sudo")
    case "linux:cron:entry": add("/usr/sbin/cron")
    default:
      guard let parent = event.integer("ppid"), let seen = maker.process(parent) else { break }
      add(seen.image)
      add(seen.commandLine)
      addWords(seen.commandLine)
    }
    // Whom `sudo` alone makes one.
    add("root")
  }

  private mutating func addWords(_ line: String) {
    var line = line
    line.withUTF8 { text in
      var isStart = true
      for (place, byte) in text.enumerated() {
        if byte <= 0x20 || byte == 0x7C || byte == 0x3B || byte == 0x26 {
          if !isStart { bytes.append(0x0A) }
          isStart = true
        } else if isStart, byte == 0x2D, place + 1 < text.count {
          // A login shell's dash is no part of its name.
          continue
        } else {
          if isStart { bytes.append(0x2F) }
          bytes.append(byte)
          isStart = false
        }
      }
    }
    bytes.append(0x0A)
  }

  private mutating func addAddress(_ event: Event) {
    guard let query = event.text("query"), let path = event.text("path") ?? event.text("uri") else { return }
    add(path + "?" + query)
  }

  /// Objects of JSON without its escapes.
  private mutating func addObjects(_ event: Event) {
    for name in SigmaTaxonomy.cloudTrailObjects.values {
      guard let text = event.text(name), text.utf8.contains(0x5C) else { continue }
      add(text.withView { String(decoding: JSONView.unescape($0), as: UTF8.self) })
    }
  }

  /// Letters beyond ASCII whose small form is an ASCII letter (K of Kelvin) are the reason why the small form of such a
  /// text is looked at too.
  private mutating func addFolded() {
    let isASCII = bytes.withUnsafeBytes { buffer in
      var place = 0
      while place + 8 <= buffer.count {
        if buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
        place += 8
      }
      return buffer[place...].allSatisfy { $0 < 0x80 }
    }
    if !isASCII { bytes.append(contentsOf: SigmaGlob.folded(String(decoding: bytes, as: UTF8.self)).utf8) }
  }
}
