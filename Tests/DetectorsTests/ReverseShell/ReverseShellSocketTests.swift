import Evidence
import Testing

@testable import Detectors

/// Feeds events to a detector and returns what it says.
func findings(_ detector: any EventDetector, _ events: [Event]) -> [Finding] {
  var found: [Finding] = []
  for event in events { detector.inspect(event) { found.append($0) } }
  detector.finish { found.append($0) }
  return found
}

let artifact = Digest(of: Array("artifact".utf8))

func socket(
  _ program: String, _ pid: Int64, _ local: (String, Int64), _ remote: (String, Int64)?,
  _ state: String = "ESTABLISHED", fd: Int64? = nil,
  line: Int = 1
) -> Event {
  var attributes: [Attribute] = [
    Attribute("protocol", "tcp"), Attribute("local_address", local.0), Attribute("local_port", local.1),
  ]
  if let remote { attributes += [Attribute("remote_address", remote.0), Attribute("remote_port", remote.1)] }
  attributes += [Attribute("state", state), Attribute("pid", pid), Attribute("program", program)]
  attributes.add("fd_number", fd)
  return Event(
    time: nil, dataType: "linux:capture:socket", message: "", attributes: attributes,
    locator: Locator(offset: 0, length: 1, line: line))
}

@Suite struct ReverseShellSocketTests {
  @Test func namesPidAndBothEnds() {
    let found = findings(
      ReverseShellSocket(artifact: artifact), [socket("bash", 465, ("10.0.2.15", 51270), ("203.0.113.66", 4444))])
    #expect(found.count == 1)
    #expect(found.first?.message.contains("bash (pid 465) holds tcp 10.0.2.15:51270 -> 203.0.113.66:4444") == true)
    #expect(found.first?.severity == .high)
    #expect(found.first?.entities.contains(Entity(.process, "465")) == true)
    #expect(found.first?.entities.contains(Entity(.address, "203.0.113.66")) == true)
  }

  @Test func standardInputOnTheSocketIsStrongest() {
    let rows = [0, 1, 2].map { socket("python3", 503, ("10.0.2.15", 51270), ("203.0.113.66", 443), fd: $0) }
    let found = findings(ReverseShellSocket(artifact: artifact), rows)
    #expect(found.map(\.severity) == [.critical])
    #expect(found.first?.evidence.count == 3)
  }

  @Test func mappedAddressesAreTheSame() {
    let found = findings(
      ReverseShellSocket(artifact: artifact),
      [socket("sh", 9, ("::ffff:10.0.2.15", 51270), ("::ffff:203.0.113.66", 4444))])
    #expect(found.first?.message.contains("10.0.2.15:51270 -> 203.0.113.66:4444") == true)
  }

  /// A server's own connections that a child of it holds too, a machine's to itself, and scripts that report at home.
  @Test func inheritedAndOwnConnectionsAreNone() {
    let rows = [
      socket("php-fpm", 651, ("10.0.2.15", 40000), ("10.0.3.30", 3306), fd: 7),
      socket("sh", 652, ("10.0.2.15", 40000), ("10.0.3.30", 3306), fd: 7),
      socket("python3", 421, ("10.0.2.15", 40001), ("10.0.2.15", 4444)),
    ]
    #expect(findings(ReverseShellSocket(artifact: artifact), rows).isEmpty)
    // The same ends, but as what the shell reads.
    let taken = rows.dropLast() + [socket("sh", 652, ("10.0.2.15", 40000), ("10.0.3.30", 3306), fd: 0)]
    #expect(findings(ReverseShellSocket(artifact: artifact), Array(taken)).map(\.severity) == [.high])
  }

  @Test func whatAScriptTalksToIsNotTheAttackYet() {
    let near = socket("python3", 421, ("10.0.2.15", 40113), ("10.0.9.9", 8125))
    let far = socket("python3", 421, ("10.0.2.15", 40113), ("203.0.113.66", 4444))
    let found = findings(ReverseShellSocket(artifact: artifact), [near, far])
    #expect(found.map(\.severity) == [.low, .medium])
    #expect(found.allSatisfy { $0.confidence == .low })
  }

  @Test func ordinaryOwnersAreNone() {
    let rows = [
      socket("sshd", 421, ("10.0.2.15", 22), ("10.0.1.50", 60161)),
      socket("java", 351, ("10.0.2.15", 40098), ("198.51.100.10", 443)),
      socket("java", 351, ("10.0.2.15", 43418), ("203.0.113.66", 1389)),
      socket("bash", 7, ("127.0.0.1", 5000), ("127.0.0.1", 6000)),
      socket("python3", 8, ("10.0.2.15", 45000), ("52.0.0.1", 443)), socket("nc", 9, ("0.0.0.0", 4444), nil, "LISTEN"),
      socket("php-fpm", 10, ("10.0.2.15", 45001), ("10.0.3.3", 9999)),
      socket("bash", 11, ("10.0.2.15", 45002), ("203.0.113.66", 4444), "TIME_WAIT"),
    ]
    #expect(findings(ReverseShellSocket(artifact: artifact), rows).isEmpty)
  }

  /// A server written in a script answers on the port that it listens on.
  @Test func aListeningPortOfItsOwnIsNone() {
    let rows = [
      socket("python3", 8, ("0.0.0.0", 8000), nil, "LISTEN"),
      socket("python3", 8, ("10.0.2.15", 8000), ("10.0.1.3", 51000)),
    ]
    #expect(findings(ReverseShellSocket(artifact: artifact), rows).isEmpty)
  }

  /// `timeout 60 bash -c 'cat < /dev/null > /dev/tcp/db/5432'`; with its input there it takes orders.
  @Test func waitingForADatabaseIsNoTerminal() {
    func severity(_ far: (String, Int64), fd: Int64? = nil) -> Severity? {
      findings(
        ReverseShellSocket(artifact: artifact), [socket("bash", 9, ("10.0.2.15", 45002), far, fd: fd)]
      ).first?.severity
    }
    #expect(severity(("10.0.9.12", 5432)) == .medium && severity(("10.0.9.12", 6379), fd: 1) == .medium)
    #expect(severity(("203.0.113.66", 5432)) == .high && severity(("10.0.9.12", 4444)) == .high)
    #expect(severity(("10.0.9.12", 5432), fd: 0) == .high)
  }

  @Test func aDotHidesAProgram() {
    let found = findings(
      ReverseShellSocket(artifact: artifact), [socket(".x", 492, ("10.0.2.15", 38868), ("203.0.113.66", 9999))])
    #expect(found.map(\.rule) == ["behaviour.hidden-program-socket"])
  }

  @Test func brokenRowsAreSafe() {
    let rows = [
      socket("bash", -1, ("", -5), ("", 0)), socket("", 1, ("x", 1), ("[", 1)),
      socket("-", .max, ("%", .max), ("::ffff:", .max)),
      Event(time: nil, dataType: "linux:capture:socket", message: "", locator: .whole),
    ]
    #expect(findings(ReverseShellSocket(artifact: artifact), rows).isEmpty)
  }
}
