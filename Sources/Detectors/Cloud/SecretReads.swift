import Bytes
import Evidence

/// Finds an identity that reads one secret after the other.
///
/// A program reads the same few again and again, all of them when it starts; somebody who goes through what there is first
/// asks for the list. Some calls hand out all at once, which an instance's role seldom has a need for.
public final class SecretReads: CloudCallDetector {
  public static let version = 2

  public static let rule = "cloud.secrets-read"

  /// What the events that follow were read from.
  public var artifact: Digest

  private struct Read {
    /// Nil for a question what there is.
    var secret: String?
    var time: Timestamp
    var place: EvidenceReference
  }

  private final class Reader {
    let who: String
    let address: String
    let isConsole: Bool
    let entities: [Entity]
    var reads: [Read] = []
    var kept: Set<RepeatedCall> = []

    init(_ call: CloudCall) {
      who = call.who
      address = call.address
      isConsole = call.userAgent?.hasPrefix("Mozilla/") == true
      entities = call.event.entities
    }
  }

  private var readers: [String: Reader] = [:]
  private var count = 0
  public private(set) var isFull = false
  private static let maximum = 100_000
  /// Different secrets that make a search, after a list and without.
  private static let enough = 5
  private static let enoughUnlisted = 25
  private static let window: Int64 = 10 * 60 * 1_000_000_000

  public init(artifact: Digest) { self.artifact = artifact }

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard !call.isService, call.error == nil else { return }
    switch call.name {
    case "GetSecretValue": note(call, call.parameters { $0.text("secretId") })
    case "GetParameter": note(call, call.parameters { $0.text("name") })
    case "ListSecrets", "DescribeParameters": note(call, nil)
    case "BatchGetSecretValue", "GetParametersByPath", "GetPasswordData": tellAll(call, report)
    default: break
    }
  }

  private func note(_ call: CloudCall, _ secret: String?) {
    guard let time = call.event.time, secret != nil || !call.name.hasPrefix("Get") else { return }
    let key = "\(call.identity)|\(call.address)"
    let repeated = RepeatedCall(secret.map { "=\($0)" } ?? call.name, call)
    if readers[key]?.kept.contains(repeated) == true { return }
    guard count < Self.maximum else {
      isFull = true
      return
    }
    count += 1
    let reader = readers[key] ?? Reader(call)
    readers[key] = reader
    reader.kept.insert(repeated)
    reader.reads.append(Read(secret: secret, time: time, place: call.event.reference(artifact)))
  }

  /// What one call hands out at once.
  private func tellAll(_ call: CloudCall, _ report: (Finding) -> Void) {
    let what: String
    let severity: Severity
    switch call.name {
    case "GetPasswordData":
      guard call.instance != nil else { return }
      (what, severity) = ("the administrator's password of an instance", .medium)
    case "BatchGetSecretValue":
      // With names it is a program's own few.
      guard call.parameters({ $0.hasMember("filters") }) == true else { return }
      (what, severity) = ("all secrets that a filter finds", call.instance == nil ? .low : .medium)
    default:
      // Programs ask for what lies below their own name.
      guard call.parameters({ $0.isTrue(["recursive"]) && $0.has(["path"], of: ["/"]) }) == true else { return }
      (what, severity) = ("all parameters there are", call.instance == nil ? .low : .medium)
    }
    report(
      finding(
        call.who, call.address, call.event.entities, severity, call.event.time, call.event.time,
        [call.event.reference(artifact)], "\(call.who) read \(what) from \(call.address) with \(call.name)", []))
  }

  public func finish(_ report: (Finding) -> Void) {
    for (_, reader) in readers.sorted(by: { $0.key < $1.key }) {
      let reads = reader.reads.sorted {
        ($0.time, $0.secret ?? "", $0.place.locator.text) < ($1.time, $1.secret ?? "", $1.place.locator.text)
      }
      if let (range, isListed) = burst(reads) { report(finding(reader, reads[range], isListed)) }
    }
    readers = [:]
    count = 0
  }

  /// The first stretch of ten minutes that is enough, with what follows it closely.
  private func burst(_ reads: [Read]) -> (range: ClosedRange<Int>, isListed: Bool)? {
    var secrets: [String: Int] = [:]
    var lists = 0
    var start = 0
    func change(_ read: Read, by number: Int) {
      guard let secret = read.secret else { return lists += number }
      let sum = secrets[secret, default: 0] + number
      secrets[secret] = sum > 0 ? sum : nil
    }
    for index in reads.indices {
      change(reads[index], by: 1)
      while start < index, !isNear(reads[start], reads[index]) {
        change(reads[start], by: -1)
        start += 1
      }
      guard secrets.count >= (lists > 0 ? Self.enough : Self.enoughUnlisted) else { continue }
      var end = index
      while end + 1 < reads.count, isNear(reads[end], reads[end + 1]) { end += 1 }
      return (start...end, lists > 0)
    }
    return nil
  }

  private func isNear(_ one: Read, _ other: Read) -> Bool {
    let (gap, overflow) = other.time.nanoseconds.subtractingReportingOverflow(one.time.nanoseconds)
    return !overflow && gap.magnitude <= UInt64(Self.window)
  }

  private func finding(_ reader: Reader, _ reads: ArraySlice<Read>, _ isListed: Bool) -> Finding {
    let secrets = Set(reads.compactMap(\.secret)).sorted()
    let list = isListed ? ", having asked what there is" : ""
    return finding(
      reader.who, reader.address, reader.entities, isListed && !reader.isConsole ? .medium : .low, reads.first?.time,
      reads.last?.time, reads.prefix(16).map(\.place),
      "\(reader.who) read \(secrets.count) different secrets from \(reader.address)\(list): "
        + secrets.prefix(12).joined(separator: ", "), Array(secrets.prefix(64)))
  }

  private func finding(
    _ who: String, _ address: String, _ entities: [Entity], _ severity: Severity, _ first: Timestamp?,
    _ last: Timestamp?, _ evidence: [EvidenceReference], _ message: String, _ secrets: [String]
  ) -> Finding {
    var entities = entities
    entities.addNew(AddressText.entity(address))
    var attributes: [Attribute] = [Attribute("remote_host", address)]
    attributes.add("secrets", secrets)
    return Finding(
      rule: Self.rule, title: "Secrets read one after the other", severity: severity, confidence: .medium,
      attack: ["T1555.006"], firstSeen: first, lastSeen: last, entities: entities, evidence: evidence,
      message: message + ".", attributes: attributes)
  }
}
