import Bytes
import Evidence

/// `docker inspect` of containers (podman's alike), and a container's `config.v2.json`: when it was made, what it runs, what of the
/// host it was given.
struct DockerInspectFormat: LogFormat {
  let name = "capture.docker_inspect"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("\"Config\"") else { return nil }
    return AWSRecords.recognizes(sample, names: ["\"Created\"", "\"Image\""]) { ContainerRecord($0) != nil }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    while let record = try records.next() {
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      if let container = ContainerRecord(record.json) {
        sink.event(container.event(locator))
      } else {
        records.reject(record, "a JSON record that is no container")
      }
    }
    records.finish()
  }
}

/// One container, its parts where they lie.
private struct ContainerRecord {
  private let json: JSONView
  private let identifier: String
  private let config: JSONView

  init?(_ json: JSONView) {
    guard let identifier = (json["Id"] ?? json["ID"])?.rawString, identifier.count == 64,
      (0..<identifier.count).allSatisfy({ hexDigit(identifier[$0]) != nil }), let config = json["Config"],
      config.kind == .object, json["State"]?.kind == .object, json["Created"]?.kind == .string
    else { return nil }
    self.json = json
    self.identifier = identifier.string
    self.config = config
  }

  /// The daemon's own word for never.
  private static func time(_ json: JSONView?) -> String? {
    json?.kept.flatMap { $0.hasPrefix("0001-01-01") ? nil : $0 }
  }

  func event(_ locator: Locator) -> Event {
    let state = json["State"]
    let host = json["HostConfig"]
    let name = json["Name"]?.kept.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
    let image = config["Image"]?.kept ?? json["Image"]?.kept
    let command =
      ([json["Path"]?.kept].compactMap { $0 } + (json["Args"]?.strings ?? [])).joined(separator: " ")
    var attributes: [Attribute] = [Attribute("container_id", identifier)]
    attributes.add("names", name)
    attributes.add("image", image)
    attributes.add("image_id", json["Image"]?.kept)
    attributes.add("command", command)
    attributes.add("user", config["User"]?.kept)
    attributes.add("working_directory", config["WorkingDir"]?.kept)
    attributes.add("hostname", config["Hostname"]?.kept)
    attributes.add("environment", config["Env"]?.strings ?? [])
    attributes.add("entrypoint", config["Entrypoint"]?.strings ?? [])
    attributes.add("status", state?["Status"]?.kept)
    attributes.add("pid", state?["Pid"]?.integer)
    attributes.add("exit_code", state?["ExitCode"]?.integer)
    attributes.add("started", Self.time(state?["StartedAt"]))
    attributes.add("finished", Self.time(state?["FinishedAt"]))
    attributes.add("privileged", host?["Privileged"]?.flag)
    attributes.add("network_mode", host?["NetworkMode"]?.kept)
    attributes.add("pid_mode", host?["PidMode"]?.kept)
    attributes.add("capabilities_added", host?["CapAdd"]?.strings ?? [])
    attributes.add("security_options", host?["SecurityOpt"]?.strings ?? [])
    attributes.add("binds", host?["Binds"]?.strings ?? [])
    attributes.add("restart", host?.at("RestartPolicy", "Name")?.kept)
    attributes.add("ports", host?["PortBindings"]?.kept)
    var mounts: [String] = []
    json["Mounts"]?.forEachElement {
      let mode = $0["RW"]?.flag == false ? ", read only" : ""
      mounts.append("\($0["Source"]?.kept ?? "?") on \($0["Destination"]?.kept ?? "?")\(mode)")
      return mounts.count < 1000
    }
    attributes.add("mounts", mounts)
    let created = json["Created"]?.rawString.flatMap { Timestamp(iso8601: $0) }
    attributes.add("recorded_time", created == nil ? json["Created"]?.kept : nil)
    var entities = [Entity(.container, identifier)]
    if let address = json.at("NetworkSettings", "IPAddress")?.rawString.flatMap(IPAddress.normal) {
      attributes.add("address", address)
      entities.append(Entity(.address, address))
    }
    if let pid = state?["Pid"]?.integer, pid > 0 { entities.append(Entity(.process, String(pid))) }
    let how = host?["Privileged"]?.flag == true ? ", privileged" : ""
    return Event(
      time: created, .creation, dataType: "linux:capture:container",
      message: "Container \(name ?? identifier) of \(image ?? "an unknown image") runs \(command)\(how).",
      entities: entities, attributes: attributes, locator: locator)
  }
}
