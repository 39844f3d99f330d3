import Bytes
import Foundation
import Testing

@testable import Detectors

/// This engine against the `yara` command on the same files.
struct YaraCommandTests {
  static let command = "/usr/bin/yara"
  static var hasCommand: Bool { FileManager.default.isExecutableFile(atPath: command) }

  static let rules = #"""
    import "elf"
    import "hash"
    import "math"
    rule Texts : a b { meta: words = "it's \"so\"\n" number = -7 yes = true
      strings: $a = "needle" $i = "NEEDLE" nocase $w = "wide" wide ascii $f = "word" fullword $x = "masked" xor
        $b = "base text here" base64 $ = "anonymous" condition: any of them }
    rule Patterns { strings: $h = { 4E [2-6] 45 } $far = { 53 54 41 52 54 [0-600] 45 4E 44 } $r = /[0-9]{3,5}x?/ $s = /Star.?/is
      condition: any of them }
    rule Sizes { condition: filesize > 100 and filesize < 100000 }
    rule Offsets { strings: $n = "needle" condition: $n at 0 or $n in (filesize - 20..filesize) or @n[2] > 10 }
    rule Counts { strings: $n = "needle" condition: #n == 3 and #n in (0..100) == 2 }
    rule Program { condition: elf.type == elf.ET_DYN or elf.type == elf.ET_EXEC }
    rule Sum { condition: hash.md5(0, filesize) == "900150983cd24fb0d6963f7d28e17f72" }
    rule Entropy { condition: math.entropy(0, filesize) > 7.0 }
    rule Bytes { condition: uint32be(0) == 0x7F454C46 or for any i in (0..8) : (uint8(i) == 0x21) }
    rule Private { strings: $p = "needle" private $q = "hay" condition: all of them }
    """#

  static let objects: [String: [UInt8]] = [
    "empty": [], "abc": Array("abc".utf8), "needles": Array("needle in hay, NeedLe, needle, sword word\nneedle".utf8),
    "wide": Array("w\u{0}i\u{0}d\u{0}e\u{0} \u{7F}\u{1B}[0m anonymous 12345x".utf8),
    "coded": Array(Array("xx base text here yy".utf8).map { $0 ^ 0x5A }) + Array("masked".utf8).map { $0 ^ 0x33 }
      + Array(Data("xbase text here".utf8).base64EncodedString().utf8),
    "far": Array("START".utf8) + [UInt8](repeating: 7, count: 400) + Array("END N12E NaaaaaE star".utf8),
    "noise": (0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) },
  ]

  @Test(.enabled(if: hasCommand, "the yara command is not installed"), arguments: ["s", "sL", "sgm", "e"])
  func saysWhatTheCommandSays(_ flags: String) throws {
    let folder = try TemporaryFolder(["rules.yar": Self.rules])
    for (name, bytes) in Self.objects { try folder.write("objects/" + name, bytes) }
    var paths = Self.objects.keys.sorted().map { folder.path + "/objects/" + $0 }
    paths.append(Self.command)
    let (made, _) = try YaraCommand.engine(folder.path + "/rules.yar") {
      try? [UInt8](Data(contentsOf: URL(fileURLWithPath: $0)))
    }
    let engine = try #require(made)
    var command = YaraCommand()
    command.showsStrings = flags.contains("s")
    command.showsLengths = flags.contains("L")
    command.showsTags = flags.contains("g")
    command.showsMetas = flags.contains("m")
    command.showsNamespaces = flags.contains("e")
    for path in paths {
      let file = try MappedFile(path: path)
      let theirs = try Self.run(["-w", "-" + flags, folder.path + "/rules.yar", path])
      // As a small object, all rules at once, and as a large one, only what can hold and only where it can stand.
      for size in [Int.max, 0] {
        let ours = command.lines(try file.withView { try engine.scan($0, largeObject: size) }, path: path)
        #expect(ours == theirs, "\(path)")
      }
    }
  }

  @Test(.enabled(if: hasCommand, "the yara command is not installed"))
  func includesDefinitionsAndCompiledRules() throws {
    let folder = try TemporaryFolder([
      "all.yar": "include \"one.yar\"\ninclude \"sub/two.yar\"\nrule Own { condition: One and answer == 42 }",
      "one.yar":
        "global private rule Guard { condition: filesize > 3 } rule One { strings: $a = \"needle\" condition: $a }",
      "sub/two.yar": "include \"three.yar\" rule Two { condition: Three and filename == \"x\" }",
      "sub/three.yar": "rule Three { strings: $a = \"needle\" condition: #a > 1 }", "object": "needle and needle",
    ])
    let (rules, object) = (folder.path + "/all.yar", folder.path + "/object")
    let theirs = try Self.run(["-w", "-d", "answer=42", "-d", "filename=x", rules, object])
    let definitions = [(name: "answer", value: "42"), (name: "filename", value: "x")]
    let engine = try #require(
      try YaraCommand.engine(rules, definitions: definitions) {
        FileManager.default.contents(atPath: $0).map { [UInt8]($0) }
      }
      .engine)
    let bytes = Array("needle and needle".utf8)
    let externals = YaraScanner.Externals(definitions)
    for size in [Int.max, 0] {
      let found = try bytes.withView { try engine.scan($0, externals, largeObject: size) }
      #expect(YaraCommand().lines(found, path: object) == theirs)
    }
    #expect(theirs.count == 4)
    try engine.rules.save(to: folder.path + "/compiled")
    let loaded = try YaraCommand.engine(compiled: folder.path + "/compiled")
    let found = try bytes.withView { try loaded.scan($0, externals, largeObject: 0) }
    #expect(YaraCommand().lines(found, path: object) == theirs)
    // Definitions are of the run, not of the file.
    let other = try YaraCommand.engine(compiled: folder.path + "/compiled", definitions: [("answer", "41")])
    let less = try bytes.withView { try other.scan($0, externals, largeObject: 0) }
    #expect(YaraCommand().lines(less, path: object) == theirs.filter { !$0.hasPrefix("Own") })
    for definition in [(name: "surprise", value: "1"), (name: "answer", value: "text")] {
      #expect(throws: YaraError.self) {
        try YaraCommand.engine(compiled: folder.path + "/compiled", definitions: [definition])
      }
    }
  }

  /// libyara joins the fragments of a long jump by their places within a block: in windows a head would meet a tail elsewhere.
  @Test(.enabled(if: hasCommand, "the yara command is not installed"))
  func fragmentsOfALargeObjectAreNotJoinedAcrossWindows() throws {
    var object = [UInt8](repeating: 0x20, count: 9 << 20)
    func put(_ bytes: [UInt8], _ place: Int) { object.replaceSubrange(place..<place + bytes.count, with: bytes) }
    let (head, tail): ([UInt8], [UInt8]) = (Array("eeee".utf8), Array("zQ~XjKv!7".utf8))
    put(head, 0x100063)
    for place in [0x100000, 0x500000, 0x50009f] { put(tail, place) }
    let folder = try TemporaryFolder([
      "r.yar": "rule chain { strings: $a = { 65 65 65 65 [10-400] 7A 51 7E 58 6A 4B 76 21 37 } condition: $a }"
    ])
    for isWhole in [false, true] {
      if isWhole { put(tail, 0x100063 + 300) }
      let file = folder.path + "/object"
      try Data(object).write(to: URL(fileURLWithPath: file))
      let (engine, _) = try YaraCommand.engine(folder.path + "/r.yar") {
        FileManager.default.contents(atPath: $0).map { [UInt8]($0) }
      }
      var command = YaraCommand()
      command.showsStrings = true
      let found = try object.withView { try #require(engine).scan($0, .init()) }
      #expect(command.lines(found, path: file) == (try Self.run(["-s", folder.path + "/r.yar", file])))
      #expect(found.matches.count == (isWhole ? 1 : 0))
    }
  }

  @Test(.enabled(if: hasCommand, "the yara command is not installed"))
  func lengthsAndDefinitionsAreTheCommands() throws {
    let folder = try TemporaryFolder([
      "r.yar":
        "rule long { strings: $a = /x{700}/ condition: $a } rule t { condition: v == \"1e3\" and w == \".5\" and n == -7 and f > 0.4 }",
      "object": String(repeating: "x", count: 700),
    ])
    let file = folder.path + "/object"
    let definitions = [("v", "1e3"), ("w", ".5"), ("n", "-7"), ("f", "0.5")]
    let (engine, diagnostics) = try YaraCommand.engine(
      folder.path + "/r.yar", definitions: definitions.map { (name: $0.0, value: $0.1) }
    ) { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } }
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    var command = YaraCommand()
    command.showsLengths = true
    let object = try Data(contentsOf: URL(fileURLWithPath: file))
    let found = try [UInt8](object).withView {
      try #require(engine).scan($0, .init(definitions.map { (name: $0.0, value: $0.1) }))
    }
    let flags = definitions.flatMap { ["-d", "\($0.0)=\($0.1)"] }
    #expect(command.lines(found, path: file) == (try Self.run(["-L"] + flags + [folder.path + "/r.yar", file])))
  }

  static func run(_ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
