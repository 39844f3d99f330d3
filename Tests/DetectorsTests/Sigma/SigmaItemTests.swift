import Bytes
import Evidence
import Foundation
import Testing

@testable import Detectors

struct SigmaItemTests {
  /// What would only seem to be honoured is refused.
  @Test(arguments: [
    "a|lt|gt: 5", "a|gte|lte: 5", "a|hour|minute: 5", "a|contains: null", "a|startswith: ~", "a|all: [null, x]",
    "a|base64offset|base64offset|base64offset|base64offset: x", "a|windash|re: x", "a|windash|cidr: 10.0.0.0/8",
    "a|windash|exists: true", "a|windash|fieldref: b", "a|base64|windash: -x", "a|base64: 'a*b'",
    "a|windash|base64: '-a -b -c -d -e'", "a|gt: nan", "a|lt: inf",
  ])
  func contradictionsAreRefused(_ detection: String) {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  \(detection)"))
    #expect(rules.count == 0 && diagnostics.map(\.level) == [.error], "\(detection)")
  }

  @Test func nullInAListIsOneOfItsValues() {
    let detection = "s:\n  a: [null, x]"
    #expect(holds(detection, ["b": .text("1")]) && holds(detection, ["a": .text("x")]))
    #expect(!holds(detection, ["a": .text("y")]))
    // In quotes it is a word.
    #expect(holds("s:\n  a|contains: 'null'", ["a": .text("xnullx")]))
  }

  /// Public rules are read as YAML 1.1, where plain words have a second meaning; a record has either form.
  @Test(arguments: [
    ("a: yes", "true", true), ("a: yes", "Yes", true), ("a: yes", "y", false), ("a: off", "false", true),
    ("a: 'yes'", "true", false), ("a|contains: yes", "true", false), ("a: 0x10", "16", true), ("a: 0x10", "0x10", true),
    ("a: 0x10", "10", false), ("a: 1_000", "1000", true), ("a: '0x10'", "16", false), ("a: y", "true", false),
    // A number with a fraction of nothing is the whole one; in quotes it is text.
    ("a: 5", "5.0", true), ("a: 5.0", "5", true), ("a: 5", "5.5", false), ("a: 5", "50", false),
    ("a: '5'", "5.0", false),
    ("a: [4, 5]", "5.0", true), ("a: 1.5", "1.50", false), ("a|contains: 5", "5.0", true), ("a|neq: 5", "5.0", false),
    ("a|neq: yes", "true", false), ("a|gt: 0x10", "17", true), ("a|gt: 0x10", "16", false),
    ("a|lt: 1_000", "999", true), ("a|gt: -0x10", "-17", false),
    ("a|gt: 9007199254740992", "9007199254740993", true), ("a|gt: 9007199254740993", "9007199254740993", false),
    ("a|lte: 9007199254740992", "9007199254740993", false), ("a|gt: 1", "99999999999999999999", true),
  ])
  func plainWordsAndWholeNumbers(_ detection: String, _ value: String, _ expected: Bool) {
    #expect(holds("s:\n  \(detection)", ["a": .text(value)]) == expected, "\(detection) of \(value)")
  }

  /// Numbers that no machine's word holds.
  @Test(arguments: [
    ("a|gt: 18446744073709551614", "18446744073709551615", true),
    ("a|gt: 18446744073709551615", "18446744073709551615", false),
    ("a|lt: 18446744073709551615", "18446744073709551614", true),
    ("a|gte: -18446744073709551615", "-18446744073709551616", false),
  ])
  func numbersBeyondSixtyFourBits(_ detection: String, _ value: String, _ expected: Bool) {
    #expect(holds("s:\n  \(detection)", ["a": .text(value)]) == expected, "\(detection) of \(value)")
  }

  /// What nothing can be asked of would hold for every record.
  @Test(arguments: [
    "s:", "s: null", "s: ~", "s: ''", "s:\n  - x\n  - ''", "s:\n  - x\n  - null", "s:\n  '|all':\n    - ''",
  ])
  func anEmptyPartIsRefused(_ detection: String) {
    let (rules, diagnostics) = sigma(nativeRule(detection))
    #expect(rules.count == 0 && diagnostics.map(\.level) == [.error] && diagnostics[0].line != nil, "\(diagnostics)")
  }

  @Test(
    arguments: [
      ("a|minute: 75", "minute is never 75"), ("a|hour: 24", "hour is never 24"), ("a|day: 0", "day is never 0"),
      ("a|week: 54", "week is never 54"), ("a|month: 13", "month is never 13"),
      ("a|minute: 5.5", "minute is never 5.5"),
      ("a|hour: [3, 25]", "hour is never 25"), ("a|hour: 23", nil), ("a|week: 53", nil), ("a|minute: 0", nil),
      ("a|hour|gte: 22", nil),
    ] as [(String, String?)])
  func aTimeThatNeverComesIsRefused(_ detection: String, _ words: String?) {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  \(detection)"))
    #expect(diagnostics.map(\.message) == (words.map { [$0] } ?? []) && rules.count == (words == nil ? 1 : 0))
  }

  @Test(arguments: ["a|gt: 0xg", "a|gt: 0x", "a|gt: _1", "a|gt: 0x-1", "a|gt: 0x+1"])
  func whatOnlyLooksLikeANumberIsRefused(_ detection: String) {
    #expect(sigma(nativeRule("s:\n  \(detection)")).0.count == 0, "\(detection)")
  }

  /// What an engine sees only the beginning of does not end where it was cut.
  @Test func aCutTextHasNoEnd() {
    let long = String(repeating: "a", count: 9000)
    #expect(!holds("s:\n  a|re: '(?=a)a*$'", ["a": .text(long + "b")]))
    #expect(holds("s:\n  a|re: '(?=a)a*$'", ["a": .text("aaa")]))
    #expect(holds("s:\n  a|re: '(?!b)aab'", ["a": .text("aab" + long)]))
  }

  @Test(arguments: [
    ("a: one", true), ("a: ONE", true), ("a: on", false), ("a|contains: N", true), ("a|startswith: on", true),
    ("a|endswith: on", false), ("a|cased: ONE", false), ("a|contains|cased: n", true),
    ("a:\n    - two\n    - one", true),
    ("a|contains|all:\n    - o\n    - e", true), ("a|contains|all:\n    - o\n    - x", false), ("a|neq: two", true),
    ("a|neq: one", false), ("a|exists: true", true), ("z|exists: true", false), ("z|exists: false", true),
    ("a|exists: false", false), ("z: null", true), ("a: null", false), ("z: ''", false), ("empty: ''", true),
    ("empty|exists: true", true), ("empty|exists: false", false), ("empty: null", false), ("a: ''", false),
    ("empty: '*'", true), ("empty: '?*'", false), ("z: '*'", false), ("empty|re: '^$'", true), ("empty|neq: x", true),
    ("a|re: '^o.e$'", true), ("a|re: 'N'", false), ("a|re|i: 'N'", true), ("n: 42", true), ("n|gt: 41", true),
    ("n|gte: 42", true), ("n|lt: 42", false), ("n|lte: 42.0", true), ("a|gt: 1", false), ("list: two", true),
    ("list|contains|all:\n    - on\n    - wo", true), ("ip|cidr: 10.0.0.0/8", true), ("ip|cidr: 11.0.0.0/8", false),
    ("ip|cidr:\n    - 192.0.2.0/24\n    - 10.1.2.0/23", true), ("six|cidr: 2001:db8::/32", true),
    ("a|cidr: 10.0.0.0/8", false),
    ("a|fieldref: b", true), ("a|fieldref: n", false), ("path|startswith|fieldref: base", true), ("flag: true", true),
    ("when|hour: 23", true), ("when|day: 31", true), ("when|month: 12", true), ("when|year|gte: 2020", true),
    ("when|minute|lt: 5", false), ("when|week: 1", true), ("cmd|windash|contains: ' -enc '", true),
    ("cmd|windash|contains: ' —enc '", true), ("cmd|windash|contains: ' ―enc '", true),
    ("cmd|contains: ' —enc '", false), ("dash|windash|contains: '/enc'", true), ("dash|windash|contains: '–enc'", true),
    ("dash|windash|contains: 'x/enc'", false), ("dash64|windash|base64offset|contains: ' -enc x'", true),
    ("dash64|base64offset|contains: ' -enc x'", false), ("zoned|hour: 23", true), ("zoned|day: 30", true),
    ("zoned|hour: 1", false), ("bare|hour: 1", true),
    ("b64|base64offset|contains: 'reverse me'", true), ("b64|base64offset|contains: 'other'", false),
    ("b64|base64offset|contains|all:\n    - reverse me\n    - now", true),
    ("b64|base64offset|contains|all:\n    - reverse me\n    - other", false),
    ("plain64|base64: 'reverse me'", true), ("wide64|wide|base64offset|contains: 'telling'", true),
    ("q: 'a?c'", true), ("a: 'o*'", true), ("q|contains: '\\?'", true),
  ])
  func modifiers(_ detection: String, _ expected: Bool) {
    let wide = "xtelling".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let attributes: [String: Value] = [
      "a": .text("one"), "b": .text("One"), "n": .integer(42), "list": .texts(["one", "two"]), "empty": .text(""),
      "ip": .text("10.1.3.4"), "six": .text("2001:db8::1"), "path": .text("/srv/www/x"), "base": .text("/srv"),
      "flag": .flag(true), "when": .text("2024-12-31T23:30:00Z"), "cmd": .text("run /enc x"),
      "dash": .text("run —enc x"), "dash64": .text(Data("run —enc x!".utf8).base64EncodedString()),
      "zoned": .text("2024-12-31T01:30:00+02:00"), "bare": .text("2024-12-31 01:30:00"),
      "b64": .text(Data("y reverse me now".utf8).base64EncodedString()), "q": .text("a?c"),
      "plain64": .text(Data("reverse me".utf8).base64EncodedString()),
      "wide64": .text(Data(wide).base64EncodedString()),
    ]
    #expect(holds("s:\n  " + detection, attributes) == expected)
  }

  @Test func keywordsAreSearchedInTheWholeRecord() {
    #expect(holds("s:\n  - needle\n  - other", ["x": .text("a Needle here")]))
    #expect(holds("s: needle", [:], message: "hay needle"))
    #expect(!holds("s:\n  - needle", ["needle": .text("only the name")]))
    #expect(holds("s:\n  '|all':\n    - one\n    - two", ["x": .text("one"), "y": .text("two")]))
    #expect(!holds("s:\n  '|all':\n    - one\n    - two", ["x": .text("one")]))
    #expect(holds("s:\n  '|re': 'n.{2}dle'", ["x": .text("a needle")]))
  }

  @Test func listsOfMapsAreAlternatives() {
    let detection = "s:\n  - a: one\n    b: two\n  - c|contains: three"
    #expect(holds(detection, ["a": .text("one"), "b": .text("two")]))
    #expect(!holds(detection, ["a": .text("one")]))
    #expect(holds(detection, ["c": .text("xthreey")]))
  }

  @Test(arguments: [
    ("a|expand: '%names%'", "expand"), ("a|nonsense: x", "unknown modifier"), ("a|re: '('", "regular expression"),
    ("a|cidr: 300.0.0.0/8", "not a network"), ("a|gt: x", "not a number"), ("a|exists: maybe", "true or false"),
    ("a|all:\n    - x\n    - null", "null"), ("a: []", "empty list"), ("a|i: x", "must follow re"),
    ("a|re|cidr: x", "go together"), ("a:\n    b: c", "a value must be"),
  ])
  func whatCannotBeUsedIsToldWithItsLine(_ detection: String, _ words: String) {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  " + detection))
    #expect(rules.count == 0)
    #expect(diagnostics.count == 1 && diagnostics[0].message.contains(words), "\(diagnostics)")
    #expect((diagnostics.first?.line ?? 0) >= 6)
  }

  @Test func addresses() {
    #expect(AddressRange.bytes("::ffff:10.0.0.1") == [10, 0, 0, 1])
    #expect(AddressRange.bytes("[fe80::1%eth0]")?.count == 16)
    #expect(AddressRange.bytes("1:2:3:4:5:6:7:8")?.count == 16)
    for text in ["", ":", ":::", "1::2::3", "1.2.3", "1.2.3.256", "1:2:3:4:5:6:7", "g::1", "12345::", "+1.2.3.4"] {
      #expect(AddressRange.bytes(text) == nil, "\(text)")
    }
    #expect(AddressRange("0.0.0.0/0")?.contains("255.1.2.3") == true)
    #expect(AddressRange("10.0.0.1")?.contains("10.0.0.2") == false)
    #expect(AddressRange("10.0.0.0/33") == nil && AddressRange("10.0.0.0/-1") == nil && AddressRange("::1/129") == nil)
  }

  @Test(arguments: [
    ("2021-01-03T12:00:00Z", 53), ("2021-01-04T00:00:00Z", 1), ("2020-12-31T23:59:59Z", 53),
    ("2024-12-30T00:00:00Z", 1),
    ("1969-12-29T00:00:00Z", 1), ("2026-11-25T05:00:00Z", 48),
  ])
  func weeksAreThoseOfTheCalendar(_ time: String, _ week: Int) {
    #expect(holds("s:\n  when|week: \(week)", ["when": .text(time)]))
  }
}
