import Bytes
import Evidence

/// The records of one serial number, gathered.
struct AuditEvent {
  /// Arguments of a command that are kept, and paths.
  private static let listLimit = 256
  /// Bytes of records that an event is made of; records beyond are counted as read and say nothing more.
  private static let byteLimit: UInt64 = 1 << 18

  let serial: Int64
  let time: Timestamp
  private var types: [String] = []
  private var values: [String: String] = [:]
  private var order: [String] = []
  /// Fields that stand there with nothing between their quotes.
  private var empty: Set<String> = []
  private var arguments: [Int: String] = [:]
  private var title: String?
  private var paths = AuditPaths()
  private var remote: Endpoint?
  private var host: String?
  private var decision: (isDenied: Bool, permissions: [String])?
  /// What auditd says that a field's number is called, by the field.
  private var names: [String: String] = [:]
  private var locator: Locator?
  private var isSystemCall = false
  private let isInterpreted: Bool
  private var byteCount: UInt64 = 0

  init(_ record: AuditRecord) {
    serial = record.serial
    time = record.time
    isInterpreted = record.isInterpreted
  }

  /// - Parameter line: nil where the record is part of another log's line.
  mutating func add(_ record: AuditRecord, _ line: TextLine?) {
    byteCount += line?.byteCount ?? 0
    if byteCount > Self.byteLimit, locator != nil { return }
    // The records of an event may lie apart; the place is that of the first, to the end of the last if nothing is between.
    if locator == nil {
      locator = line?.locator
    } else if let line, let now = locator, let offset = now.offset, let length = now.length,
      line.offset <= offset + length + 2
    {
      locator = now.reaching(line.end)
    }
    if types.count < Self.listLimit { types.append(record.type.string) }
    host = host ?? record.node?.string
    decision = decision ?? record.decision ?? record.profileDecision
    record.forEachName { key, value in
      if let name = Self.named[key.string], names[name] == nil, !(value == "unset") { names[name] = value.string }
    }
    switch record.type {
    case _ where record.type == "EXECVE": addArguments(record)
    case _ where record.type == "PROCTITLE":
      record.forEachField { key, value, isQuoted in
        if key == "proctitle" { title = Self.decoded(value, isQuoted).split(separator: "\0").joined(separator: " ") }
      }
    case _ where record.type == "PATH":
      var (name, type): (String?, String) = (nil, "")
      record.forEachField { key, value, isQuoted in
        if key == "name", !(value == "(null)") { name = Self.decoded(value, isQuoted) }
        // `objtype` before Linux 3.12.
        if key == "nametype" || key == "objtype" { type = value.string }
      }
      if let name, paths.count < Self.listLimit { paths.add(name, type) }
    case _ where record.type == "SOCKADDR" && record.isInterpreted: remote = Self.socketWords(record) ?? remote
    case _ where record.type == "SOCKADDR":
      record.forEachField { key, value, _ in if key == "saddr" { remote = Self.socketAddress(value) ?? remote } }
    default:
      if record.type == "SYSCALL" { isSystemCall = true }
      record.forEachField { key, value, isQuoted in
        let name = key.string
        guard values.count < Self.listLimit, values[name] == nil else { return }
        if value.isEmpty {
          if isQuoted, empty.count < Self.listLimit { empty.insert(name) }
          return
        }
        values[name] = Self.textFields.contains(name) ? Self.decoded(value, isQuoted) : value.string
        order.append(name)
      }
    }
  }

  private static let named = [
    "UID": "uid", "GID": "gid", "EUID": "euid", "AUID": "auid", "SYSCALL": "syscall", "ID": "id",
  ]

  /// Fields that the kernel writes in hexadecimal when they hold blanks, quotes or worse.
  private static let textFields: Set<String> = [
    "comm", "exe", "cwd", "key", "acct", "cmd", "data", "name", "tty", "dir", "path", "apparmor", "profile",
  ]

  /// `a0="ls" a1="-la"`; long ones come as `a1_len=…` and `a1[0]=…`.
  private mutating func addArguments(_ record: AuditRecord) {
    record.forEachField { key, value, isQuoted in
      guard key[0] == 0x61, (0x30...0x39).contains(key[1]) else { return }
      let digits = key.slice(1, key.firstIndex(of: 0x5B) ?? key.count)
      guard let index = CivilTime.number(digits), index < 100_000,
        arguments.count < Self.listLimit || arguments[index] != nil
      else { return }
      arguments[index, default: ""] += Self.decoded(value, isQuoted)
    }
  }

  /// In quotes as it is; otherwise hexadecimal, if it is that.
  private static func decoded(_ value: ByteView, _ isQuoted: Bool) -> String {
    guard !isQuoted, value.count >= 2, value.count % 2 == 0 else { return value.string }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: value.count, by: 2) {
      guard let high = hexDigit(value[index]), let low = hexDigit(value[index + 1]) else { return value.string }
      bytes.append(high << 4 | low)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A sockaddr in hexadecimal: family (host order), port (network order), address.
  private static func socketAddress(_ text: ByteView) -> Endpoint? {
    func byte(_ index: Int) -> UInt8? {
      guard let high = hexDigit(text[index * 2]), let low = hexDigit(text[index * 2 + 1]), index * 2 + 1 < text.count
      else { return nil }
      return high << 4 | low
    }
    guard let family = byte(0), let high = byte(2), let low = byte(3) else { return nil }
    let port = String(Int(high) << 8 | Int(low))
    if family == 2 {
      let parts = (4..<8).compactMap(byte)
      guard parts.count == 4 else { return nil }
      return port.withView { port in
        parts.map { String($0) }.joined(separator: ".").withView { Endpoint(host: $0, port: port) }
      }
    }
    guard family == 10 else { return nil }
    let parts = (8..<24).compactMap(byte)
    guard parts.count == 16 else { return nil }
    let groups = stride(from: 0, to: 16, by: 2).map { String(Int(parts[$0]) << 8 | Int(parts[$0 + 1]), radix: 16) }
    return port.withView { port in groups.joined(separator: ":").withView { Endpoint(host: $0, port: port) } }
  }

  /// `saddr={ saddr_fam=inet laddr=203.0.113.66 lport=443 }`, in older versions `saddr=inet host:203.0.113.66 serv:443`.
  private static func socketWords(_ record: AuditRecord) -> Endpoint? {
    var address: ByteView?
    var port = ByteView("")
    record.forEachField { key, value, _ in
      if key == "laddr" { address = value }
      if key == "lport" { port = value }
      guard key == "saddr" else { return }
      for word in value.words(limit: 8) {
        if word.hasPrefix("host:") { address = word.slice(5) }
        if word.hasPrefix("serv:") { port = word.slice(5) }
      }
    }
    return address.flatMap { $0.isEmpty ? nil : Endpoint(host: $0, port: port) }
  }

  private func integer(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

  /// Names whose number is the same on every host. The login id that nobody has set is -1 as 32 bits without sign.
  private static let numbers: [String: Int64] = ["root": 0, "unset": 4_294_967_295]

  private static let integers: Set<String> = ["pid", "ppid", "uid", "gid", "euid", "auid", "ses"]
  /// Fields that keep their names; others are told as `audit_NAME`, these as what they mean.
  private static let plain: Set<String> = [
    "syscall", "arch", "exit", "op", "key", "unit", "hostname", "a0", "a1", "a2", "a3",
  ]
  private static let meanings = [
    "comm": "command", "exe": "executable", "cwd": "working_directory", "acct": "user", "addr": "remote_address",
    "terminal": "tty", "tty": "tty", "res": "result", "success": "result", "cmd": "command_line",
  ]

  private func addEmpty(to attributes: inout [Attribute]) {
    for name in empty.sorted() where values[name] == nil && !Self.integers.contains(name) {
      let known = Self.meanings[name] ?? (Self.plain.contains(name) ? name : "audit_\(name)")
      if !attributes.contains(where: { $0.name == known }) { attributes.keep(known, "") }
    }
  }

  func event() -> Event {
    var attributes: [Attribute] = [Attribute("serial", serial)]
    var entities: [Entity] = []
    attributes.add("types", types)
    attributes.add("host", host)
    if let host { entities.append(Entity(.host, host)) }
    let commandLine =
      arguments.isEmpty
      ? title ?? values["cmd"] : arguments.sorted { $0.key < $1.key }.map(\.value).joined(separator: " ")
    for name in order {
      // `?` and `(none)` are the audit system's words for nothing.
      guard let value = values[name], value != "?", value != "(none)" else { continue }
      switch name {
      case _ where Self.integers.contains(name):
        attributes.add(name, Int64(value) ?? (isInterpreted ? Self.numbers[value] : nil))
        if isInterpreted, Int64(value) == nil, value != "unset" { attributes.add("\(name)_name", value) }
        attributes.add("\(name)_name", names[name])
      case "comm": attributes.add("command", value)
      case "exe": attributes.add("executable", value)
      case "cwd": attributes.add("working_directory", value)
      case "acct": attributes.add("user", value)
      case "addr": attributes.add("remote_address", value.withView { IPAddress.normal($0) })
      case "cmd": break
      case "terminal", "tty": if !attributes.contains(where: { $0.name == "tty" }) { attributes.add("tty", value) }
      case "res", "success": if !attributes.contains(where: { $0.name == "result" }) { attributes.add("result", value) }
      // A rule without a key.
      case "key" where value == "(null)": break
      case _ where Self.plain.contains(name):
        attributes.add(name, value)
        if name == "syscall" { attributes.add("syscall_name", names[name]) }
      default:
        attributes.add("audit_\(name)", value)
        if name == "id" { attributes.add("audit_id_name", names[name]) }
      }
    }
    if let decision {
      attributes.append(Attribute("decision", decision.isDenied ? "denied" : "granted"))
      attributes.add("permissions", decision.permissions)
    }
    attributes.add("command_line", commandLine)
    attributes.add("arguments", arguments.sorted { $0.key < $1.key }.map(\.value))
    paths.add(to: &attributes, values)
    if let remote {
      attributes.addEndpoint("remote", remote)
      if remote.isSpecific { entities.append(Entity(.address, remote.address ?? "")) }
    }
    addEmpty(to: &attributes)
    if let pid = integer("pid"), pid > 0 { entities.append(Entity(.process, String(pid))) }
    if let user = values["acct"], !user.isEmpty { entities.append(Entity(.user, user)) }
    if let address = values["addr"]?.withView({ IPAddress.normal($0) }), IPAddress.isSpecific(address) {
      entities.append(Entity(.address, address))
    }
    if let exe = values["exe"], exe.hasPrefix("/") { entities.append(Entity(.file, exe)) }
    // ausearch has the call behind what it was asked of.
    let isBehind = isInterpreted || types.first == "PROCTITLE"
    let first = isBehind && isSystemCall ? "SYSCALL" : types.first ?? "record"
    let kind = decision != nil ? "AVC" : arguments.isEmpty ? first : "EXECVE"
    let who = values["exe"] ?? values["comm"] ?? "a program"
    var message = "audit \(kind): \(who)" + (integer("pid").map { " (pid \($0))" } ?? "")
    if let decision {
      message += " was \(decision.isDenied ? "denied" : "granted") \(decision.permissions.joined(separator: " "))"
      message += (values["path"] ?? values["name"]).map { " of \($0)" } ?? ""
      if decision.isDenied, values["permissive"] == "1" { message += ", though not kept from it (permissive)" }
    }
    if let commandLine { message += decision == nil ? " ran \(commandLine)" : " as it ran \(commandLine)" }
    if let user = values["acct"] { message += " for \(user)" }
    if let remote { message += " to \(remote.text)" }
    if let result = values["res"] ?? values["success"] { message += ", result \(result)" }
    return Event(
      time: time, dataType: isSystemCall ? "linux:audit:syscall" : "linux:audit:entry", message: message + ".",
      entities: entities, attributes: attributes, locator: locator ?? .whole)
  }
}
