import Bytes
import Evidence

/// CloudTrail events as a table (CSV, or with tabs): what CloudTrail Lake and Athena give for a query, what the console's event
/// history downloads, and CloudWatch's export with the event as JSON in `message`. Told as the log itself is, `aws:cloudtrail:entry`,
/// as far as the table's columns go.
///
/// Columns: CloudTrail User Guide, "CloudTrail Lake event record fields" and "Viewing CloudTrail events"; Athena User Guide,
/// "Query CloudTrail logs". Names are compared by their letters and digits alone: `eventName`, `eventname`, `Event name`.
public struct CloudTrailTableFormat: LogFormat {
  public let name = "aws.cloudtrail.table"
  public let version = 4

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("ame") || sample.head.contains("message") else { return nil }
    let (rows, _) = sample.rows(2)
    guard let first = rows.first, let columns = CloudTrailTable(first) else { return nil }
    if columns.isOfMessages {
      guard rows.count > 1, let json = columns.message(rows[1]) else { return nil }
      return json.withView { CloudTrailRecord(JSONView($0)) != nil } ? .high : nil
    }
    return .high
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let front = try FrontStream(stream)
    let separator = front.front.withView { FormatSample(head: $0, path: "", isWhole: front.isWhole).rows(1).separator }
    let rows = CSVRows(front, separator: separator, coverage: sink)
    var reader = CloudTrailReader()
    var table: CloudTrailTable?
    while let row = try rows.next() {
      // Tables that were put together have their header again.
      if row.cells.count > 1, let found = CloudTrailTable(row.cells.prefix(256).map(\.text)) {
        table = found
        continue
      }
      guard let table else {
        rows.reject("a row in front of the names of the columns")
        continue
      }
      guard row.cells.count == table.count else {
        rows.reject("a row of \(row.cells.count) cells where the header names \(table.count)")
        continue
      }
      let isEvent = table.record(row.cells).withView {
        reader.read(JSONView($0), row.locator, isRow: true, into: sink)
      }
      if !isEvent { rows.reject("a row that is no CloudTrail event") }
    }
    rows.finish()
  }
}

/// What the columns of a table mean.
struct CloudTrailTable {
  private enum Column {
    /// A field of the record: as text, or as a structure that no client chooses.
    case field(String), structure(String)
    /// A structure in which there is text of clients: JSON as it is, a map where its members can be told apart, anything else
    /// as text.
    case body(String)
    case identity(String)
    case resourceType(String), resourceName
    /// The whole record as JSON.
    case record
    case other(String)
  }

  private let columns: [Column]
  var count: Int { columns.count }
  /// Whether all that there is stands in one column.
  let isOfMessages: Bool

  /// - Returns: nil for a row that is no header of such a table.
  init?(_ names: [String]) {
    guard names.count >= 2, names.count <= 256 else { return nil }
    let keys = names.map {
      String($0.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) })
    }
    let set = Set(keys)
    // Logs Insights has the time under a name of its own, where nobody asked for the other.
    let time = set.contains("eventtime") ? nil : names.firstIndex(of: "@timestamp")
    let known = keys.count { Self.byName[$0] != nil } + (time == nil ? 0 : 1)
    let isTold = known >= 4 || known == 3 && keys.contains { Self.own.contains($0) }
    let isTable =
      set.contains("eventname") && (set.contains("eventtime") || time != nil) && isTold && known * 2 > keys.count
      || set.contains("eventjson")
    let message = isTable ? nil : MessageTableFormat.placeOfMessage(names)
    isOfMessages = message != nil
    guard isTable || isOfMessages else { return nil }
    columns = zip(keys, names).enumerated().map { place, column in
      let (key, name) = column
      if let message { return place == message ? .record : .other(name) }
      if place == time { return .field("eventTime") }
      if key == "resourcetype" { return .resourceType(String(name.prefix(128))) }
      return Self.byName[key] ?? .other(String(name.prefix(128)))
    }
  }

  /// Columns that other services' tables of events do not have.
  private static let own: Set<String> = [
    "eventsource", "awsregion", "sourceipaddress", "useridentity", "useridentityarn", "requestparameters",
    "recipientaccountid",
  ]

  /// The cell of a row that holds the whole record.
  func message(_ cells: [String]) -> String? {
    zip(columns, cells).first {
      if case .record = $0.0 { true } else { false }
    }?.1
  }

  private static let byName: [String: Column] = {
    var columns: [String: Column] = [
      "resourcetype": .resourceType("Resource type"), "resourcename": .resourceName, "eventjson": .record,
      // The console's words.
      "username": .identity("userName"), "awsaccesskey": .identity("accessKeyId"), "readonly": .field("readOnly"),
    ]
    for name in [
      "eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
      "errorMessage", "requestID", "eventID", "eventType", "apiVersion", "recipientAccountId", "sharedEventID",
      "vpcEndpointId", "vpcEndpointAccountId", "managementEvent", "eventCategory", "sessionCredentialFromConsole",
    ] { columns[name.lowercased()] = .field(name) }
    for name in ["userIdentity", "tlsDetails", "resources"] { columns[name.lowercased()] = .structure(name) }
    for name in [
      "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "insightDetails",
      "addendum",
      "edgeDeviceDetails",
    ] { columns[name.lowercased()] = .body(name) }
    for name in ["type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy", "identityProvider"]
    {
      columns["useridentity" + name.lowercased()] = .identity(name)
      if name != "type", columns[name.lowercased()] == nil { columns[name.lowercased()] = .identity(name) }
    }
    return columns
  }()

  /// How the log spells the names that Athena has in small letters.
  private static let spelling: [String: String] = {
    var names = ["arn": "arn"]
    for name in [
      "principalId", "accountId", "accessKeyId", "userName", "invokedBy", "identityProvider", "sessionContext",
      "sessionIssuer", "creationDate", "mfaAuthenticated", "webIdFederationData", "federatedProvider", "sourceIdentity",
      "ec2RoleDelivery", "tlsVersion", "cipherSuite", "clientProvidedHostHeader", "resourceName", "onBehalfOf",
      "userId", "identityStoreArn", "credentialId", "assumedRoot", "inScopeOf", "ec2IssuedInVpc", "credentialsIssuedTo",
    ] { names[name.lowercased()] = name }
    return names
  }()

  /// The record as the log would have it, as far as the row tells.
  func record(_ cells: [CSVCell]) -> [UInt8] {
    var identity: [(String, String)] = []
    var resources: String?
    var types: String?
    var whole: [UInt8]?
    var structures: Set<String> = []
    var writer = JSONWriter()
    writer.object { writer in
      for (column, cell) in zip(columns, cells) {
        cell.withBytes { bytes in
          let bytes = bytes.trimmed
          if bytes.isEmpty || bytes == "null" || bytes == "-" { return }
          switch column {
          case .field(let name): writer.field(name, name == "eventTime" ? Self.time(bytes) : bytes.string)
          case .structure(let name):
            guard let json = TableText.isJSON(bytes) ? bytes.array : TableText.json(bytes, names: Self.spelling) else {
              // Under another name it is kept as it stands, and other columns may tell what it does not.
              writer.field(name + " (unreadable)", bytes.string)
              return
            }
            structures.insert(name)
            writer.key(name)
            writer.raw(json)
          case .body(let name):
            writer.key(name)
            if TableText.isJSON(bytes) {
              writer.raw(bytes.array)
            } else if let map = TableText.map(bytes) {
              writer.raw(map)
            } else {
              writer.value(bytes.string)
            }
          case .identity(let name): identity.append((name, bytes.string))
          case .resourceType(let name):
            types = bytes.string
            writer.field(name, bytes.string)
          case .resourceName: resources = bytes.string
          case .record: whole = bytes.array
          case .other(let name): writer.field(name, bytes.string)
          }
        }
      }
      if !identity.isEmpty, !structures.contains("userIdentity") {
        Self.complete(&identity)
        writer.key("userIdentity")
        writer.object { for (name, value) in identity { $0.field(name, value) } }
      }
      if let resources, !structures.contains("resources") {
        writer.key("resources")
        writer.array { for name in Self.names(resources, types) { $0.object { $0.field("resourceName", name) } } }
      }
    }
    return whole ?? writer.bytes
  }

  /// The console writes several resources into one cell, commas between, and their types likewise. A name may itself hold a
  /// comma: where there is one type there is one name.
  private static func names(_ names: String, _ types: String?) -> [String] {
    if let types, !types.contains(",") { return [names] }
    return names.withView { $0.split(0x2C, limit: 1000).map(\.trimmed.string).filter { !$0.isEmpty } }
  }

  /// What an ARN alone says of who it is.
  private static func complete(_ identity: inout [(String, String)]) {
    guard let arn = identity.first(where: { $0.0 == "arn" })?.1 else { return }
    func add(_ name: String, _ value: String) {
      if !identity.contains(where: { $0.0 == name }) { identity.append((name, value)) }
    }
    if arn.hasSuffix(":root") { add("type", "Root") }
    if let place = arn.firstRange(of: ":user/"), let user = arn[place.upperBound...].split(separator: "/").last {
      add("type", "IAMUser")
      add("userName", String(user))
    }
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count >= 6, !parts[4].isEmpty { add("accountId", String(parts[4])) }
  }

  /// Lake and Athena write `2026-11-25 05:20:12.000`, in UTC as all of CloudTrail's times.
  private static func time(_ bytes: ByteView) -> String {
    if let console = consoleTime(bytes) { return console }
    guard bytes.count >= 19, bytes[4] == 0x2D, bytes[10] == 0x20, bytes[13] == 0x3A else { return bytes.string }
    let clock = bytes.slice(11).words(limit: 2)
    guard clock.count == 1 || clock[1] == "UTC" else { return bytes.string }
    return "\(bytes.slice(0, 10).string)T\(clock[0].string)Z"
  }

  private static let months: [StaticString] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  /// The console writes the time of whoever looks at it: `March 11, 2026, 13:00:00 (UTC+09:00)`.
  private static func consoleTime(_ bytes: ByteView) -> String? {
    guard bytes.count <= 64, bytes[bytes.count - 1] == 0x29 else { return nil }
    let words = bytes.words(limit: 6)
    guard words.count == 5, let month = months.firstIndex(where: { words[0] == $0 }),
      let day = words[1].dropLast(1).integer, (1...31).contains(day), let year = words[2].dropLast(1).integer,
      (1970...9999).contains(year), words[3].count == 8, words[4].hasPrefix("(UTC")
    else { return nil }
    let zone = words[4].slice(4, words[4].count - 1)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(Int64(month) + 1))-\(two(day))T\(words[3].string)\(zone.isEmpty ? "Z" : zone.string)"
  }
}
