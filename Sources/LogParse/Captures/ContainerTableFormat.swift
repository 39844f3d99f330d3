import Bytes
import Evidence

/// Tables of `crictl ps`, `docker images` (and podman's, crictl's) and `kubectl get pods`, whose cells stand below their headings.
struct ContainerTableFormat: LogFormat {
  let name = "capture.container_table"
  let version = 1

  private enum Kind { case containers, images, pods }

  private static let tables: [(kind: Kind, names: [StaticString], needed: [String])] = [
    (
      .containers,
      ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"], ["STATE", "POD ID"]
    ),
    (.images, ["REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"], ["TAG", "IMAGE ID"]),
    (.images, ["IMAGE", "TAG", "DIGEST", "IMAGE ID", "SIZE"], ["TAG", "IMAGE ID"]),
    (
      .pods,
      [
        "NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES",
      ], ["READY", "STATUS", "AGE"]
    ),
    (
      .pods,
      ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
      ["READY", "STATUS", "AGE"]
    ),
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(3).contains { Self.header($0) != nil } ? .high : nil
  }

  private static func header(_ line: ByteView) -> (kind: Kind, table: AlignedTable)? {
    // Cheap refusal of the rows.
    guard (0x41...0x5A).contains(line[0]), (0x41...0x5A).contains(line[1]), line.count < 1024 else { return nil }
    for (kind, names, needed) in tables {
      if let table = AlignedTable(line, names: names), needed.allSatisfy({ table.contains($0) }) {
        return (kind, table)
      }
    }
    return nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    var found: (kind: Kind, table: AlignedTable)?
    try readLines(stream, into: sink) { line in
      if let header = Self.header(line.bytes) {
        found = header
        return .parsed
      }
      guard let (kind, table) = found,
        let event = Self.event(kind, table.cells(line.bytes), relative, line.locator)
      else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of containers, images or pods")
      }
      sink.event(event)
      return .parsed
    }
  }

  private static func event(
    _ kind: Kind, _ cells: [String: String], _ relative: RelativeTime?, _ locator: Locator
  ) -> Event? {
    func made(_ cell: String) -> Timestamp? {
      guard let relative, let (seconds, precision) = cells[cell].flatMap(DockerPsFormat.age) else { return nil }
      return relative.ago(seconds: seconds, precision: precision)
    }
    var attributes: [Attribute] = []
    switch kind {
    case .containers:
      guard let identifier = cells["CONTAINER"], let state = cells["STATE"] else { return nil }
      attributes.add("container_id", identifier)
      attributes.add("image", cells["IMAGE"])
      attributes.add("created", cells["CREATED"])
      attributes.add("status", state)
      attributes.add("names", cells["NAME"])
      attributes.add("attempt", cells["ATTEMPT"].flatMap { Int64($0) })
      attributes.add("pod_id", cells["POD ID"])
      attributes.add("pod", cells["POD"])
      attributes.add("namespace", cells["NAMESPACE"])
      return Event(
        time: made("CREATED"), .creation, dataType: "linux:capture:container",
        message: "Container \(cells["NAME"] ?? identifier) of \(cells["IMAGE"] ?? "an unknown image"): \(state).",
        entities: [Entity(.container, identifier)], attributes: attributes, locator: locator)
    case .images:
      guard let identifier = cells["IMAGE ID"], let name = cells["REPOSITORY"] ?? cells["IMAGE"] else { return nil }
      let tag = cells["TAG"]
      attributes.add("image", name)
      attributes.add("tag", tag)
      attributes.add("image_id", identifier)
      attributes.add("digest", cells["DIGEST"])
      attributes.add("created", cells["CREATED"])
      attributes.add("size", cells["SIZE"])
      return Event(
        time: made("CREATED"), .creation, dataType: "linux:capture:image",
        message: "The host had the image \(name)\(tag.map { ":\($0)" } ?? "") (\(identifier)).", attributes: attributes,
        locator: locator)
    case .pods:
      guard let name = cells["NAME"], let status = cells["STATUS"] else { return nil }
      func known(_ cell: String) -> String? { cells[cell].flatMap { $0 == "<none>" ? nil : $0 } }
      let address = known("IP").flatMap { $0.withView(IPAddress.normal) }
      var entities: [Entity] = []
      if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
      attributes.add("pod", name)
      attributes.add("namespace", cells["NAMESPACE"])
      attributes.add("ready", cells["READY"])
      attributes.add("status", status)
      attributes.add("restarts", cells["RESTARTS"])
      attributes.add("created", cells["AGE"])
      attributes.add("address", address)
      attributes.add("node", known("NODE"))
      return Event(
        time: podTime(cells["AGE"], relative), .creation, dataType: "linux:capture:pod",
        message: "Pod \(name)\(cells["NAMESPACE"].map { " of \($0)" } ?? "") was \(status).", entities: entities,
        attributes: attributes, locator: locator)
    }
  }

  /// `18h`, `2d3h`, `5m10s`, `400d`, `3y12d`: rounded as they are, to the day from a day on.
  private static func podTime(_ age: String?, _ relative: RelativeTime?) -> Timestamp? {
    guard let age, let relative, !age.isEmpty, age.utf8.count <= 16 else { return nil }
    var seconds: Int64 = 0
    var number: Int64?
    var isRough = false
    for byte in age.utf8 {
      if (0x30...0x39).contains(byte) {
        let (value, over) = (number ?? 0).multipliedReportingOverflow(by: 10)
        guard !over, value < 1 << 32 else { return nil }
        number = value + Int64(byte - 0x30)
        continue
      }
      let units: [UInt8: Int64] = [0x79: 365 * 86400, 0x64: 86400, 0x68: 3600, 0x6D: 60, 0x73: 1]
      guard let count = number, let unit = units[byte], count < 1 << 20 else { return nil }
      seconds += count * unit
      isRough = isRough || unit >= 86400
      number = nil
    }
    guard number == nil else { return nil }
    return relative.ago(seconds: seconds, precision: isRough ? .day : .minute)
  }
}
