import Bytes
import Evidence

/// What the columns of a table of VPC flow records mean.
///
/// Names: Athena User Guide, "Query Amazon VPC flow logs", today's and the older ones (`sourceaddress`, `numbytes`); CloudWatch
/// Logs User Guide, "Supported logs and discovered fields" (`srcAddr`, `@timestamp`).
struct VPCFlowColumns {
  private enum Column {
    case field(VPCFlowField)
    /// When CloudWatch has the record.
    case recorded(String)
    case other(String)
  }

  private let columns: [Column]

  private static let byName: [String: VPCFlowField] = {
    var fields: [String: VPCFlowField] = [
      "sourceaddress": .source, "destinationaddress": .destination, "sourceport": .sourcePort,
      "destinationport": .destinationPort, "numpackets": .packets, "numbytes": .bytes, "starttime": .start,
      "endtime": .end, "account": .account,
    ]
    for field in VPCFlowField.allCases { fields[field.rawValue.replacing("-", with: "")] = field }
    return fields
  }()

  /// - Returns: nil for a row that is no header of such a table.
  init?(_ names: [String]) {
    guard names.count >= 4, names.count <= 256 else { return nil }
    var columns: [Column] = []
    var found: Set<VPCFlowField> = []
    var isOurs = false
    var others = 0
    for name in names {
      let key = Self.key(name)
      if name == "@timestamp" {
        columns.append(.recorded(name))
      } else if let field = key.flatMap({ Self.byName[$0] }), found.insert(field).inserted {
        columns.append(.field(field))
        // Others have a `sourceaddress` as well.
        isOurs = isOurs || field == .interface || key == "srcaddr" || key == "pktsrcaddr" || key == "numbytes"
      } else {
        columns.append(.other(name.withView { $0.slice(0, 128).string }))
        // Logs Insights has columns of its own: `@logStream`.
        if !name.hasPrefix("@") { others += 1 }
      }
    }
    let hasEnd = found.contains(.source) || found.contains(.interface) || found.contains(.packetSource)
    guard isOurs, hasEnd, found.count >= 2, found.count > others else { return nil }
    self.columns = columns
  }

  /// Letters and digits of a name, small, where it begins as ours do; `SrcAddr` is another program's.
  private static func key(_ name: String) -> String? {
    guard let first = name.utf8.first, (0x61...0x7A).contains(first), name.utf8.count <= 64 else { return nil }
    return String(
      name.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) })
  }

  /// Whether a row with this first cell can be a header: few are looked at closely.
  static func mayBegin(_ cell: CSVCell?) -> Bool {
    guard let raw = cell?.raw.trimmed else { return false }
    return raw[0] == 0x40 || (0x61...0x7A).contains(raw[0]) && !raw.hasPrefix("eni-")
  }

  func read(_ row: CSVRows.Row) -> VPCFlowReader.Outcome {
    var flow = VPCFlow()
    flow.attributes.reserveCapacity(columns.count + 4)
    var unknown: [String] = []
    var recorded: (name: String, text: String)?
    func keep(_ name: String, _ text: String) {
      guard unknown.count < 64 else { return }
      var writer = JSONWriter()
      writer.value(text)
      unknown.append(name + "=" + String(decoding: writer.bytes, as: UTF8.self))
    }
    for (column, cell) in zip(columns, row.cells) {
      let wrong: VPCFlowField? = cell.withBytes { bytes in
        let bytes = bytes.trimmed
        if bytes.isEmpty || bytes == "-" || bytes == "null" { return nil }
        switch column {
        case .field(let field): return flow.take(field, bytes) ? nil : field
        case .recorded(let name): recorded = (name, bytes.slice(0, 4096).string)
        case .other(let name): keep(name, bytes.slice(0, 4096).string)
        }
        return nil
      }
      if let wrong {
        let kind = wrong == .start || wrong == .end ? "time" : "number"
        return .unknown("a flow record whose \(wrong.rawValue) is no \(kind)")
      }
    }
    if let recorded {
      if !flow.hasStart, let time = Timestamp(iso8601: recorded.text) {
        flow.take(recorded: time)
      } else {
        keep(recorded.name, recorded.text)
      }
    }
    flow.attributes.add("unknown_fields", unknown)
    return .event(flow.event(row.locator))
  }
}
