import Bytes
import Evidence

/// The audit daemon's log: records of one serial number are one event.
///
/// Records of different events may be mixed, so a number of events stay open at a time; one is finished by its EOE record,
/// or when more than `AuditEvents.limit` are open. PROCTITLE and EXECVE give the command line, SOCKADDR the far end.
struct AuditFormat: LogFormat {
  let name = "linux.audit"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20).filter { !Self.isBetween($0) }
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { AuditRecord($0) != nil }.count
    return rows * 4 >= lines.count * 3 ? .high : nil
  }

  /// What `ausearch` without `-i` writes between the records of events.
  private static func isBetween(_ line: ByteView) -> Bool { line.hasPrefix("----") || line.hasPrefix("time->") }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var events = AuditEvents()
    // A record is at most 8970 bytes (MAX_AUDIT_MESSAGE_LENGTH), and somewhat more with what auditd adds.
    try readLines(stream, into: sink, limit: 1 << 16) { line in
      if Self.isBetween(line.bytes) { return .parsed }
      guard let record = AuditRecord(line.bytes) else { return .skipped("line is not an audit record") }
      events.take(record, line, into: sink)
      return .parsed
    }
    events.finish(into: sink)
  }
}

/// One line. Valid while the line is.
struct AuditRecord {
  var node: ByteView?
  var type: ByteView
  var time: Timestamp
  var serial: Int64
  var fields: ByteView
  /// In `ausearch -i`'s words: nothing is quoted or in hexadecimal, and users have names.
  var isInterpreted = false

  init(node: ByteView?, type: ByteView, time: Timestamp, serial: Int64, fields: ByteView) {
    self.node = node
    self.type = type
    self.time = time
    self.serial = serial
    self.fields = fields
  }

  // type=SYSCALL msg=audit(1795584103.874:4321): arch=c000003e syscall=59 success=yes … comm="ls" exe="/usr/bin/ls"
  init?(_ line: ByteView) {
    var rest = line
    if rest.hasPrefix("node="), let (name, after) = rest.cut(0x20) {
      node = name.slice(5)
      rest = after
    }
    guard rest.hasPrefix("type="), let (kind, after) = rest.cut(0x20), after.hasPrefix("msg=audit("),
      let stamp = Stamp(after.slice(10))
    else { return nil }
    type = kind.slice(5)
    time = stamp.time
    serial = stamp.serial
    fields = stamp.rest
  }

  /// What stands behind `audit(`, and the fields behind it.
  struct Stamp {
    let time: Timestamp
    let serial: Int64
    let rest: ByteView

    // 1795584103.874:4321): arch=c000003e …
    init?(_ text: ByteView) {
      guard let close = text.firstIndex(of: 0x29) else { return nil }
      guard let (seconds, tail) = text.slice(0, close).cut(0x2E), let (milliseconds, number) = tail.cut(0x3A),
        let whole = seconds.integer, let part = CivilTime.fraction(milliseconds), let serial = number.integer,
        let time = Timestamp(seconds: whole, nanoseconds: part.nanoseconds, precision: part.precision)
      else { return nil }
      self.time = time
      self.serial = serial
      let fields = text.slice(close + 1)
      rest = fields[0] == 0x3A ? fields.dropFirst(1) : fields
    }
  }

  /// What SELinux decided and on what: `avc:  denied  { read write } for  pid=77 …`, of a program as well (USER_AVC).
  var decision: (isDenied: Bool, permissions: [String])? {
    guard type == "AVC" || type == "USER_AVC", let place = fields.firstIndex(of: ByteView("avc:")) else { return nil }
    var words = WordWalker(fields.slice(place + 4))
    let word = words.next()
    guard word == "denied" || word == "granted", words.next() == "{" else { return nil }
    var permissions: [String] = []
    while permissions.count < 64 {
      let permission = words.next()
      if permission.isEmpty || permission == "}" { break }
      permissions.append(permission.string)
    }
    return (word == "denied", permissions)
  }

  /// What AppArmor decided: `apparmor="DENIED" operation="exec" …`; what it would have denied is allowed.
  var profileDecision: (isDenied: Bool, permissions: [String])? {
    guard type == "AVC", fields.slice(0, 32).contains("apparmor=\"") else { return nil }
    var (isDenied, operation): (Bool?, String?)
    Self.forEachField(in: fields.slice(0, 1 << 12)) { key, value, _ in
      if key == "apparmor" { isDenied = value == "DENIED" ? true : value == "ALLOWED" ? false : nil }
      if key == "operation", operation == nil { operation = value.string }
    }
    guard let isDenied, let operation else { return nil }
    return (isDenied, [operation])
  }

  /// Written by a program, not by the kernel's system call hook (audit.h: 1100–1199 and 2100 on).
  var isAlone: Bool {
    type.hasPrefix("USER_") || type.hasPrefix("CRED_") || type.hasPrefix("SERVICE_") || type.hasPrefix("DAEMON_")
      || type.hasPrefix("ADD_") || type.hasPrefix("DEL_") || type.hasPrefix("CRYPTO_") || type.hasPrefix("SYSTEM_")
      || type.hasPrefix("ANOM_LOGIN") || type.hasPrefix("ACCT_") || type.hasPrefix("GRP_") || type.hasPrefix("CHUSER")
  }

  /// `key=value` pairs in order; values in quotes without them; what stands inside `msg='…'` too. What auditd adds for
  /// readers is left out.
  func forEachField(_ body: (_ key: ByteView, _ value: ByteView, _ isQuoted: Bool) -> Void) {
    if isInterpreted { return forEachInterpretedField { body($0, $1, true) } }
    Self.forEachField(in: fields.slice(0, fields.firstIndex(of: 0x1D) ?? fields.count), body)
  }

  /// What auditd adds behind the separator 0x1D (`log_format = ENRICHED`): names that the host itself has for the numbers, in
  /// upper case. A value of the kernel's never holds the separator, for it writes such ones in hexadecimal.
  func forEachName(_ body: (_ key: ByteView, _ value: ByteView) -> Void) {
    guard !isInterpreted, let separator = fields.firstIndex(of: 0x1D) else { return }
    Self.forEachField(in: fields.slice(separator + 1)) { key, value, _ in body(key, value) }
  }

  /// Behind the last of the words that follow and have no value of their own.
  private static func endOfWords(_ text: ByteView, from start: Int) -> Int {
    var end = start
    for _ in 0..<8 {
      guard text[end] == 0x20 else { break }
      var next = end + 1
      while next < text.count, text[next] > 0x20, text[next] != 0x27, text[next] != 0x3D, text[next] != 0x22 {
        next += 1
      }
      guard next > end + 1, next >= text.count || text[next] == 0x20 || text[next] == 0x27 else { break }
      end = next
    }
    return end
  }

  private static func forEachField(
    in text: ByteView, _ body: (_ key: ByteView, _ value: ByteView, _ isQuoted: Bool) -> Void
  ) {
    var place = 0
    while place < text.count {
      while place < text.count, text[place] == 0x20 || text[place] == 0x27 { place += 1 }
      guard let equals = text.firstIndex(of: 0x3D, from: place) else { return }
      // A word without a value is passed over.
      var key = text.slice(place, equals)
      if let blank = key.lastIndex(of: 0x20) { key = key.slice(blank + 1) }
      place = equals + 1
      if text[place] == 0x27 {
        place += 1
        continue
      }
      if text[place] == 0x22 {
        let end = text.firstIndex(of: 0x22, from: place + 1) ?? text.count
        body(key, text.slice(place + 1, end), true)
        place = end + 1
      } else {
        var end = place
        while end < text.count, text[end] != 0x20, text[end] != 0x27 { end += 1 }
        // shadow's tools write several words: `op=adding user to group acct="ops"`.
        if key == "op" { end = endOfWords(text, from: end) }
        body(key, text.slice(place, end), false)
        place = end
      }
    }
  }
}
