import Bytes
import Evidence

/// What a row of an artifact's result is of, by the columns that no other artifact has.
enum VelociraptorRow {
  case process, socket, job, command, login, account, file, module, mount

  init?(_ json: JSONView) {
    func has(_ names: StaticString...) -> Bool { names.allSatisfy { json[$0] != nil } }
    if has("Pid", "Ppid", "CommandLine") {
      self = .process
    } else if has("LocalAddr", "RemoteAddr") || has("Laddr", "Raddr") || has("Laddr.IP", "Raddr.IP") {
      self = .socket
    } else if has("Command", "DayOfWeek") {
      self = .job
    } else if has("Line"), let path = VelociraptorRow.path(json), path.hasSuffix("history") {
      self = .command
    } else if has("login_time", "Terminal") || has("login_time", "login_Terminal") {
      self = .login
    } else if has("User", "Uid", "Homedir") {
      self = .account
    } else if has("Device", "Mount", "FSType") {
      self = .mount
    } else if has("Name", "UseCount", "Address") {
      self = .module
    } else if VelociraptorRow.path(json) != nil, has("Mode", "Size"), has("Mtime") || has("MTime") {
      self = .file
    } else {
      return nil
    }
  }

  func events(_ json: JSONView, _ number: Int, _ locator: Locator) -> [Event] {
    switch self {
    case .process: [Self.process(json, locator)]
    case .socket: [Self.socket(json, locator)]
    case .job: [Self.job(json, locator)]
    case .command:
      [
        ShellCommand(
          text: json["Line"]?.kept ?? "", shell: "bash", user: Self.path(json).flatMap(FileOwner.user(ofPath:)),
          sequence: number, file: Self.path(json)
        ).event(locator)
      ]
    case .login: Self.login(json).events(locator)
    case .account: [Self.account(json, locator)]
    case .file: Self.file(json).events(locator)
    case .module: [Self.module(json, locator)]
    case .mount: [Self.mount(json, locator)]
    }
  }

  private static func path(_ json: JSONView) -> String? { (json["OSPath"] ?? json["FullPath"])?.string }

  private static func time(_ json: JSONView?) -> Timestamp? {
    guard let text = json?.rawString, let time = Timestamp(iso8601: text), time.nanoseconds > 0 else { return nil }
    return time
  }

  private static func process(_ json: JSONView, _ locator: Locator) -> Event {
    let pid = json["Pid"]?.integer
    let user = json["Username"]?.kept
    let line = json["CommandLine"]?.kept
    let shown = line ?? json["Name"]?.kept ?? ""
    var attributes: [Attribute] = []
    attributes.add("pid", pid)
    attributes.add("ppid", json["Ppid"]?.integer)
    attributes.add("user", user)
    attributes.add("executable", json["Exe"]?.kept)
    attributes.add("command", json["Name"]?.kept)
    attributes.add("command_line", line)
    for (name, key) in [("md5", "MD5"), ("sha1", "SHA1"), ("sha256", "SHA256")] as [(String, StaticString)] {
      attributes.add(name, json.at("Hash", key)?.kept)
    }
    var entities: [Entity] = []
    if let pid { entities.append(Entity(.process, String(pid))) }
    if let user { entities.append(Entity(.user, user)) }
    return Event(
      time: time(json["CreateTime"] ?? json["CreatedTime"]), .start, dataType: "linux:capture:process",
      message: (pid.map { "Process \($0)" } ?? "A process") + (user.map { " of \($0)" } ?? "") + " runs \(shown).",
      entities: entities, attributes: attributes, locator: locator)
  }

  private static func socket(_ json: JSONView, _ locator: Locator) -> Event {
    func end(_ address: JSONView?, _ port: JSONView?) -> Endpoint? {
      guard let text = (address?.kind == .object ? address?["IP"] : address)?.string else { return nil }
      let number = (address?["Port"] ?? port)?.integer.map(String.init) ?? ""
      return text.withView { text in number.withView { Endpoint(host: text, port: $0) } }
    }
    let owner = json["ProcessInfo"] ?? json["ProcInfo"]
    let type = (json["Type"] ?? json["TypeString"])?.string?.lowercased() ?? "tcp"
    var row = (type.hasPrefix("udp") ? "udp" : "tcp").withView { SocketRow(tool: $0) }
    row.local = end(
      json["LocalAddr"] ?? json["Laddr"] ?? json["Laddr.IP"], json["LocalPort"] ?? json["Lport"] ?? json["Laddr.Port"])
    row.remote = end(
      json["RemoteAddr"] ?? json["Raddr"] ?? json["Raddr.IP"], json["RemotePort"] ?? json["Rport"] ?? json["Raddr.Port"]
    )
    if row.remote?.port == 0 { row.remote?.port = nil }
    if row.local?.address?.utf8.contains(0x3A) ?? false { row.family = "inet6" }
    row.state = state(json["State"] ?? json["Status"])
    row.pid = json["Pid"]?.integer ?? owner?["Pid"]?.integer
    row.program = (owner?["Command"] ?? owner?["Name"] ?? json["Name"])?.kept.map { $0.withView(\.trimmed.string) }
    row.uid = json["uid"]?.integer
    row.user = owner?["Username"]?.kept
    row.inode = json["inode"]?.integer
    var event = row.event(locator)
    event.attributes.add("command_line", owner?["CommandLine"]?.kept)
    return event
  }

  /// `Established`, `Syn Sent`, `Listening`, `ESTAB` in netstat's words.
  private static func state(_ json: JSONView?) -> String? {
    guard let word = json?.kept?.uppercased().replacing(" ", with: "_") else { return nil }
    return ["ESTAB": "ESTABLISHED", "LISTENING": "LISTEN", "NONE": ""][word] ?? word
  }

  private static func job(_ json: JSONView, _ locator: Locator) -> Event {
    let fields = [json["Minute"], json["Hour"], json["DayOfMonth"], json["Month"], json["DayOfWeek"]]
    let schedule = json["Event"]?.kept ?? fields.map { $0?.kept ?? "*" }.joined(separator: " ")
    let path = (json["Path"] ?? json["File"])?.kept
    let command = json["Command"]?.kept ?? ""
    var entry = PersistenceEntry(mechanism: .cron, command: command, user: json["User"]?.kept, schedule: schedule)
    entry.extra.add("path", path)
    return entry.event(
      "cron runs at \(schedule)" + (entry.user.map { " as \($0)" } ?? "") + ": \(command)", locator, file: path)
  }

  private static func login(_ json: JSONView) -> LoginSession {
    var session = LoginSession(user: (json["User"] ?? json["login_User"])?.kept ?? "")
    session.tty = (json["Terminal"] ?? json["login_Terminal"])?.kept
    let address = (json["SourceIP"] ?? json["login_IpAddr"])?.kept
    let host = (json["SourceHost"] ?? json["login_Host"])?.kept
    session.host =
      (address == "0.0.0.0" ? nil : address)?.withView(LoginSession.host) ?? host?.withView(LoginSession.host)
    session.start = time(json["login_time"])
    session.startText = json["login_time"]?.kept
    session.end = time(json["logout_time"])
    session.pid = (json["PID"] ?? json["login_PID"])?.integer
    return session
  }

  private static func account(_ json: JSONView, _ locator: Locator) -> Event {
    let user = json["User"]?.kept ?? ""
    var attributes: [Attribute] = [Attribute("user", user)]
    attributes.add("uid", json["Uid"]?.integer)
    attributes.add("gid", json["Gid"]?.integer)
    attributes.add("description", json["Description"]?.kept)
    attributes.add("home", json["Homedir"]?.kept)
    attributes.add("shell", json["Shell"]?.kept)
    return Event(
      time: nil, dataType: "linux:account",
      message: "Account \(user) has uid \(json["Uid"]?.integer.map(String.init) ?? "unknown").",
      entities: user.isEmpty ? [] : [Entity(.user, user)], attributes: attributes, locator: locator)
  }

  private static func file(_ json: JSONView) -> FileStat {
    let path = path(json) ?? ""
    var stat = FileStat(path: path, attributes: [Attribute("path", path)])
    stat.attributes.add("mode", json["Mode"]?.rawString.flatMap(mode))
    stat.attributes.add("uid", (json["OwnerID"] ?? json["Uid"])?.integer)
    stat.attributes.add("gid", (json["GroupID"] ?? json["Gid"])?.integer)
    stat.attributes.add("size_bytes", json["Size"]?.integer)
    stat.modified = time(json["MTime"] ?? json["Mtime"])
    stat.accessed = time(json["ATime"] ?? json["Atime"])
    stat.changed = time(json["CTime"] ?? json["Ctime"])
    stat.created = time(json["BTime"] ?? json["Btime"])
    return stat
  }

  /// Go's way of writing permissions (`urwxr-xr-x`, `dtrwxrwxrwx`) in that of ls (`-rwsr-xr-x`, `drwxrwxrwt`).
  private static func mode(_ text: ByteView) -> String? {
    guard text.count >= 10 else { return nil }
    var letters = text.slice(text.count - 9).array
    var type: UInt8 = 0x2D
    for byte in text.slice(0, text.count - 9).unsafeBytes {
      switch byte {
      case 0x64: type = 0x64
      case 0x4C, 0x6C: type = 0x6C
      case 0x70, 0x63: type = byte
      case 0x53: type = 0x73
      case 0x44: type = type == 0x63 ? 0x63 : 0x62
      case 0x75: letters[2] = letters[2] == 0x78 ? 0x73 : 0x53
      case 0x67: letters[5] = letters[5] == 0x78 ? 0x73 : 0x53
      case 0x74: letters[8] = letters[8] == 0x78 ? 0x74 : 0x54
      default: break
      }
    }
    return String(decoding: [type] + letters, as: UTF8.self)
  }

  private static func module(_ json: JSONView, _ locator: Locator) -> Event {
    let name = json["Name"]?.kept ?? ""
    var attributes: [Attribute] = [Attribute("module", name)]
    attributes.add("size_bytes", json["Size"]?.integer)
    attributes.add("use_count", json["UseCount"]?.integer)
    attributes.add("module_state", json["Status"]?.kept)
    attributes.add("kernel_address", json["Address"]?.kept)
    return Event(
      time: nil, dataType: "linux:module", message: "Kernel module \(name) is loaded.", attributes: attributes,
      locator: locator)
  }

  private static func mount(_ json: JSONView, _ locator: Locator) -> Event {
    let (device, place, type) = (json["Device"]?.kept ?? "", json["Mount"]?.kept ?? "", json["FSType"]?.kept ?? "")
    var attributes: [Attribute] = [Attribute("device", device), Attribute("mount_point", place)]
    attributes.add("filesystem_type", type)
    attributes.add("options", json["Options"]?.elements.compactMap(\.string).joined(separator: ","))
    return Event(
      time: nil, dataType: "linux:mount", message: "\(device) is mounted on \(place) as \(type).",
      attributes: attributes, locator: locator)
  }
}
