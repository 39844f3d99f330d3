import Bytes
import Evidence

/// What an application logs as a JSON record: a time, a message, and mostly a level.
struct JSONLogEntry {
  private let fields: JSONLogFields
  private var time: JSONLogFields.Field?
  private var level: String?
  private var thread: String?
  private var logger: String?
  private var message: String?
  private var trace: String?

  /// Nil without a message, or with nothing else of an entry.
  init?(_ fields: JSONLogFields) {
    self.fields = fields
    for field in fields.all {
      switch field.roles.ofEntry {
      case .time: if time == nil || time?.value.logTime(.utc) == nil { time = field }
      case .level: level = level ?? Self.level(field.value)
      case .thread: thread = thread ?? field.value.kept
      case .logger: logger = logger ?? field.value.kept
      case .message: message = message ?? field.value.kept
      case .trace: trace = trace ?? field.value.kept
      case nil: break
      }
    }
    if time?.value.logTime(.utc) == nil { time = nil }
    guard message != nil, time != nil || level != nil else { return nil }
  }

  /// A time and a message are in many a record; a level or a logger as well, or the time's name of logstash and Filebeat, are in a
  /// log's alone.
  var isSure: Bool { time != nil && (level != nil || logger != nil || time?.path == "@timestamp") }

  enum Part { case time, level, thread, logger, message, trace }

  /// - Parameter path: a member's name with those of the objects around it.
  static func part(_ path: String) -> Part? { names[path.lowercased()] }

  private static let names: [String: Part] = [
    "@timestamp": .time, "timestamp": .time, "time": .time, "ts": .time, "datetime": .time, "date": .time,
    "asctime": .time, "timemillis": .time, "instant.epochsecond": .time, "t.$date": .time, "eventtime": .time,
    "level": .level, "severity": .level, "log.level": .level, "lvl": .level, "levelname": .level, "loglevel": .level,
    "log_level": .level, "s": .level, "priority": .level,
    "thread": .thread, "thread_name": .thread, "threadname": .thread, "process.thread.name": .thread, "ctx": .thread,
    "logger": .logger, "logger_name": .logger, "loggername": .logger, "log.logger": .logger, "name": .logger,
    "caller": .logger, "c": .logger,
    "message": .message, "msg": .message, "log": .message, "output": .message, "event": .message,
    "stack_trace": .trace, "stacktrace": .trace, "exception": .trace, "error.stack_trace": .trace,
    "exc_info": .trace, "thrown.extendedstacktrace": .trace, "throwable": .trace, "err.stack": .trace,
  ]

  /// A name, or the numbers of bunyan and pino; nothing else is a level.
  private static func level(_ value: JSONView) -> String? {
    if let number = value.integer {
      switch number {
      case 10: return "TRACE"
      case 20: return "DEBUG"
      case 30: return "INFO"
      case 40: return "WARN"
      case 50: return "ERROR"
      case 60: return "FATAL"
      default: return nil
      }
    }
    guard let text = value.string, (1...16).contains(text.utf8.count) else { return nil }
    return text
  }

  private func timestamp(_ zone: Timestamp.Zone) -> Timestamp? {
    guard let time else { return nil }
    // log4j's JsonLayout has the parts of a second in a member of their own.
    if time.path.hasPrefix("instant."), let second = time.value.integer,
      let part = fields.all.first(where: { $0.path == "instant.nanoOfSecond" })?.value.integer,
      (0..<1_000_000_000).contains(part)
    {
      return Timestamp(seconds: second, nanoseconds: part, precision: .nanosecond)
    }
    return time.value.logTime(zone)
  }

  /// A shipper of logs, or a container's runtime, has a web server's line for its message.
  private func request(_ zone: Timestamp.Zone, _ locator: Locator) -> Event? {
    guard let message, message.utf8.count < AWSRecords.maximumText else { return nil }
    return message.withView { text in
      if text[0] == 0x7B {
        let inner = JSONLogFields(JSONView(text), JSONLogNames())
        return JSONRequest(inner)?.event(inner, zone, locator)
      }
      return AccessLine(text)?.event(locator)
    }
  }

  func event(_ zone: Timestamp.Zone, _ locator: Locator) -> Event {
    if let request = request(zone, locator) { return request }
    let text = (message ?? "") + (trace.map { "\n" + $0 } ?? "")
    var attributes: [Attribute] = []
    attributes.add("level", level)
    attributes.add("thread", thread)
    attributes.add("logger", logger)
    attributes.add("text", text)
    attributes.add(
      "other_fields",
      fields.rest { field in
        field.path == "instant.nanoOfSecond" || field.roles.ofEntry != nil
      })
    var entities: [Entity] = []
    if let remote = fields.all.first(where: { $0.path == "attr.remote" })?.value.string {
      // MongoDB names who connected.
      let end = remote.withView { Endpoint($0) }
      if let end, let address = end.address {
        attributes.addEndpoint("remote", end)
        if end.isSpecific { entities.append(Entity(.address, address)) }
      }
    }
    return Event(
      time: timestamp(zone), .recorded, dataType: "app:log:entry", message: (level.map { "\($0): " } ?? "") + text,
      entities: entities, attributes: attributes, locator: locator)
  }
}
