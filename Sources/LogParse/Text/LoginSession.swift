import Bytes
import Evidence

/// A login session as `last`, `w`, `who`, `lastlog` and the login records tell it.
struct LoginSession {
  var user: String
  var tty: String?
  /// Address or name of where it came from.
  var host: Endpoint?
  var start: Timestamp?
  /// The start as it was written.
  var startText: String?
  var end: Timestamp?
  /// `still logged in`, `crash`, `gone - no logout`, `down`.
  var status: String?
  var seconds: Int64?
  var pid: Int64?
  /// What runs in it (`w`).
  var commandLine: String?
  var idle: String?
  /// A failed attempt (`lastb`, btmp).
  var isFailure = false
  /// What kind of record it is where it is no user's session: `boot`, `runlevel`, `shutdown`.
  var kind: String?

  /// From a cell that holds an address or a name; nil for `-`, `:0` and nothing.
  static func host(_ text: ByteView) -> Endpoint? {
    let plain = text[0] == 0x28 && text[text.count - 1] == 0x29 ? text.slice(1, text.count - 1) : text
    guard !plain.isEmpty, !(plain == "-"), !(plain == "0.0.0.0"), plain[0] != 0x3A || plain.count > 6 else {
      return nil
    }
    return Endpoint(host: plain, port: ByteView(""))
  }

  func events(_ locator: Locator) -> [Event] {
    var attributes: [Attribute] = []
    if kind == nil { attributes.add("user", user) }
    var entities: [Entity] = kind == nil && !user.isEmpty ? [Entity(.user, user)] : []
    attributes.add("tty", tty)
    attributes.add("record", kind)
    if let host {
      attributes.add("remote_address", host.address)
      attributes.add("remote_host", host.host)
      if host.isSpecific { entities.append(Entity(.address, host.address ?? "")) }
    }
    attributes.add("start", startText)
    attributes.add("status", status)
    attributes.add("duration_seconds", seconds)
    attributes.add("pid", pid)
    attributes.add("command_line", commandLine)
    attributes.add("idle", idle)
    if isFailure { attributes.append(Attribute("is_failure", .flag(true))) }
    if let pid, pid > 0 { entities.append(Entity(.process, String(pid))) }
    let place = (tty.map { " on \($0)" } ?? "") + (host.map { " from \($0.address ?? $0.host ?? "?")" } ?? "")
    let running = commandLine.map { " and runs \($0)" } ?? ""
    let message =
      switch kind {
      case let kind?: "The system recorded \(kind)" + (status.map { " (\($0))" } ?? "") + "."
      case nil where isFailure: "A login as \(user.isEmpty ? "nobody named" : user) failed\(place)."
      case nil: "\(user) logged in\(place)" + (status.map { " (\($0))" } ?? "") + "\(running)."
      }
    // A kind that is not known is evidence's own word and names no type.
    let hostType = ["boot", "runlevel", "shutdown", "clock"].contains(kind ?? "") ? kind ?? "" : "record"
    let type = kind == nil ? (isFailure ? "linux:login:failure" : "linux:login:session") : "linux:host:\(hostType)"
    var events = [
      Event(
        time: start, isFailure || kind != nil ? .event : .login, dataType: type, message: message, entities: entities,
        attributes: attributes, locator: locator)
    ]
    if let end, kind == nil, !isFailure {
      events.append(
        Event(
          time: end, .logout, dataType: type, message: "\(user) logged out\(place).", entities: entities,
          attributes: attributes, locator: locator))
    }
    return events
  }
}
