import Bytes
import Evidence

/// Everything in an event in which a field's value can stand, each text between newlines, for looking for literals.
///
/// May only hold too much: what is missing here costs findings. Where `SigmaRecord` makes a value that stands in no
/// attribute, this adds what the value's telling part needs.
struct SigmaText: ~Copyable {
  private(set) var bytes = ByteBuilder()

  /// What is made for events of one data type.
  struct Plan {
    var isProcess: Bool
    var isWeb: Bool
    /// Values are members of JSON objects.
    var hasObjects: Bool
    /// Records of it are made for some events only.
    var isProxy: Bool
    var isShell: Bool
    var isConnection: Bool
    var isAudit: Bool
    var isPacket: Bool
    /// What stands for the parent of every process of this data type.
    var parent: String?
    var asksTime: Bool
    var asksSentence: Bool

    init(_ dataType: String, _ kinds: [SigmaSource.Kind], _ index: SigmaIndex) {
      isProcess = kinds.contains(.process)
      isWeb = kinds.contains(.webServer)
      hasObjects = kinds.contains(.cloudTrail) || kinds.contains(.kubernetes)
      isProxy = kinds.contains(.proxy)
      isShell = dataType == "linux:shell:command"
      isConnection = kinds.contains(.connection)
      isAudit = kinds.contains(.audit)
      isPacket = index.asksPacket
      parent =
        switch dataType {
        case "linux:auth:entry": "/usr/bin/sudo"
        case "linux:cron:entry": "/usr/sbin/cron"
        default: nil
        }
      asksTime = index.asksTime
      asksSentence = index.asksSentence || index.asksLine && SigmaRecord.isLine(dataType)
    }
  }

  mutating func fill(_ event: Event, _ plan: Plan, _ maker: SigmaRecordMaker) {
    bytes.removeAll()
    bytes.append(0x0A)
    event.attributes.withUnsafeBufferPointer { attributes in
      for place in attributes.indices {
        switch attributes[place].value {
        case .text(let text):
          add(text)
          if plan.hasObjects { addObject(text) }
        case .texts(let texts): for text in texts { add(text) }
        case .integer(let number): add(number)
        case .flag(let flag): add(flag ? "true" : "false")
        }
        // `command`, `command_line`, `shell`: handing any other on costs more than its first letter.
        // So does `syscall`.
        if plan.isProcess, attributes[place].name.utf8.first == 0x63 || attributes[place].name.utf8.first == 0x73 {
          addProcess(attributes[place], plan)
        }
      }
    }
    if plan.asksSentence { addLine(event) }
    if plan.asksTime, let time = event.time { add("\(time)") }
    if plan.isWeb { addAddress(event) }
    if plan.isProcess { addParent(event, plan, maker) }
    if plan.isConnection { addOwner(event, maker) }
    if plan.isPacket, let (word, isBlocked) = SigmaFirewall.verdict(event) {
      add(word)
      add(SigmaFirewall.plainWord(isBlocked))
      add(isBlocked ? "true" : "false")
    }
    addFolded()
  }

  private mutating func add(_ text: String) { bytes.append(text, end: 0x0A) }

  private mutating func add(_ number: Int64) {
    if number < 0 { bytes.append(0x2D) }
    bytes.append(decimal: number.magnitude)
    bytes.append(0x0A)
  }

  /// What `SigmaRecord.line` makes, without making it.
  private mutating func addLine(_ event: Event) {
    guard let program = event.text("program"), let text = event.text("text") else { return add(event.message) }
    if let host = event.text("host") { bytes.append(host, end: 0x20) }
    if let pid = event.integer("pid") {
      bytes.append(program, end: 0x5B)
      if pid < 0 { bytes.append(0x2D) }
      bytes.append(decimal: pid.magnitude)
      bytes.append(0x5D)
      bytes.append(0x3A)
    } else {
      bytes.append(program, end: 0x3A)
    }
    bytes.append(0x20)
    add(text)
  }

  // MARK: Processes

  private mutating func addProcess(_ attribute: Attribute, _ plan: Plan) {
    if attribute.name == "command" || attribute.name == "command_line" {
      attribute.value.text.withView { addPrograms($0) }
    } else if plan.isShell, attribute.name == "shell" {
      bytes.append(0x2F)
      add(attribute.value.text)
    } else if plan.isAudit, attribute.name == "syscall", let name = SigmaSyscalls.name(attribute.value.text) {
      add(name)
    }
  }

  /// `/name` for every word that may be a program: a rule asks for `/curl` where the line says `curl`. Words end at
  /// blanks, and once more at what may part commands; quotes are no part of them.
  private mutating func addPrograms(_ line: ByteView) {
    var isSudo = false
    var start = 0
    while start < line.count {
      var end = start
      var hasParts = false
      while end < line.count, !Self.isBlank(line[end]) {
        if Self.parts(line[end]) { hasParts = true }
        end += 1
      }
      if end > start {
        let word = line.slice(start, end)
        isSudo = addProgram(word) || isSudo
        if hasParts { isSudo = addPlain(word) || isSudo }
      }
      start = end + 1
    }
    // Whom `sudo` alone makes one.
    if isSudo { add("root") }
  }

  /// A word as a shell has it.
  private mutating func addPlain(_ word: ByteView) -> Bool {
    guard (0..<word.count).contains(where: { ShellStart.isQuote(word[$0]) }) else { return addParts(of: word) }
    let plain = word.array.filter { !ShellStart.isQuote($0) }
    if plain.isEmpty { return false }
    return plain.withView { plain in
      let isSudo = addProgram(plain)
      return addParts(of: plain) || isSudo
    }
  }

  /// The programs of a word that holds several: `id;whoami`.
  private mutating func addParts(of word: ByteView) -> Bool {
    var isSudo = false
    var start = 0
    while start < word.count {
      var end = start
      while end < word.count, !Self.parts(word[end]) { end += 1 }
      if end > start { isSudo = addProgram(word.slice(start, end)) || isSudo }
      // `$'name'`, without its quotes.
      if end > start + 1, word[start] == 0x24 { isSudo = addProgram(word.slice(start + 1, end)) || isSudo }
      start = end + 1
    }
    return isSudo
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 && (byte == 0x20 || byte >= 0x09 && byte <= 0x0D) }
  @inline(__always)
  private static func parts(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x7C, 0x3B, 0x26, 0x28, 0x29, 0x60, 0x24, 0x22, 0x27, 0x5C: true
    default: false
    }
  }

  /// - Returns: whether it is `sudo` or `doas`.
  private mutating func addProgram(_ word: ByteView) -> Bool {
    // A login shell's dash is no part of its name, nor the colon of a daemon's title.
    var name = word[0] == 0x2D ? word.dropFirst(1) : word
    if name[name.count - 1] == 0x3A { name = name.dropLast(1) }
    bytes.append(0x2F)
    bytes.append(name)
    bytes.append(0x0A)
    return name.hasSuffix("sudo") || name.hasSuffix("doas")
  }

  private mutating func addParent(_ event: Event, _ plan: Plan, _ maker: SigmaRecordMaker) {
    if let parent = plan.parent {
      add(parent)
    } else if !plan.isShell, let parent = event.integer("ppid"), let seen = maker.process(parent) {
      for image in seen.images { add(image) }
      add(seen.commandLine)
    }
  }

  /// Of a socket: its program's path, and which side began.
  private mutating func addOwner(_ event: Event, _ maker: SigmaRecordMaker) {
    let name = event.text("program") ?? event.text("comm") ?? ""
    name.withView { if !$0.isEmpty { _ = addProgram($0) } }
    if let pid = event.integer("pid"), let seen = maker.process(pid) { for image in seen.images { add(image) } }
    bytes.append("true\nfalse\n", end: 0x0A)
  }

  // MARK: Other kinds

  /// Path and query as one.
  private mutating func addAddress(_ event: Event) {
    guard let query = event.text("query"), let path = event.text("path") ?? event.text("uri") else { return }
    bytes.append(path, end: 0x3F)
    add(query)
  }

  /// An object of JSON without its escapes: records show its members.
  private mutating func addObject(_ text: String) {
    guard text.utf8.first == 0x7B || text.utf8.first == 0x5B else { return }
    text.withView { text in
      guard text.firstIndex(of: 0x5C) != nil else { return }
      JSONView.unescape(text).withView { bytes.append($0) }
      bytes.append(0x0A)
    }
  }

  /// Letters beyond ASCII whose small form is an ASCII letter (K of Kelvin) are the reason why the small form of such a
  /// text is looked at too. The long s is small itself, and an expression without case takes it for an s.
  private mutating func addFolded() {
    let folded = bytes.withView { text -> String? in
      let buffer = text.unsafeBytes
      var place = 0
      while place + 8 <= buffer.count {
        if buffer.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { break }
        place += 8
      }
      return buffer[place...].allSatisfy { $0 < 0x80 } ? nil : SigmaGlob.folded(text.string)
    }
    guard let folded else { return }
    bytes.append(folded.contains("\u{17F}") ? folded.replacing("\u{17F}", with: "s") : folded)
  }
}
