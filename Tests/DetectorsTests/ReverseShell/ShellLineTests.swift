import Bytes
import Testing

@testable import Detectors

@Suite struct ShellLineTests {
  /// Each command as its words, their names and what ended it.
  private func commands(_ text: String) -> [String] {
    text.withView { view in
      withExtendedLifetime(ShellLine(view)) { line in
        line.commands.map { command in
          let words = command.words.indices.map { place in
            let (word, name) = (command.words[place].string, command.words.name(place).string)
            return word == name ? word : "\(word)=\(name)"
          }
          return words.joined(separator: " ") + (command.end == 0 ? "" : String(UnicodeScalar(command.end)))
        }
      }
    }
  }

  @Test(
    arguments: [
      ("", []), ("ls", ["ls"]), ("a b;c|d", ["a b;", "c|", "d"]), ("/bin/sh -i", ["/bin/sh=sh -i"]),
      ("C:\\x\\nc.exe a", ["C:\\x\\nc.exe=nc.exe a"]), ("a\\b/c d\\e", ["a\\b/c=c d\\e=e"]), ("/ x/", ["/= x/="]),
      ("!nc h", ["nc h"]), (":!nc h", ["nc h"]), ("sh 2>&1 x", ["sh 2>&1 x"]), ("sh</dev/x", ["sh </dev/x=x"]),
      ("sh -c \"a b\"", ["sh -c\"", "a b\""]), ("<string>bash</string>", ["bash\n"]),
      ("<D>nc h</D><E>x</E>", ["nc h\n", "x\n"]), ("sh</tmp/f>/tmp/g", ["sh </tmp/f>/tmp/g=g"]),
      ("a\0\0sh -i\0\0b", ["a\n", "sh -i\n", "b"]), ("a && b", ["a&", "b"]), ("a\0b\tc\nd", ["a b c\n", "d"]),
    ] as [(String, [String])])
  func aTextIsSplit(text: String, expected: [String]) { #expect(commands(text) == expected) }

  @Test(arguments: [1, 7, 1023, 1024, 1025, 5000])
  func wordsOfOneCommandStayTogether(count: Int) {
    // Before it come others, so that it does not begin a block.
    let words = (0..<count).map { "w\($0)" }
    let text = String(repeating: "a;", count: 700) + words.joined(separator: " ") + ";last"
    text.withView { view in
      let line = ShellLine(view)
      #expect(line.commands.count == 702)
      #expect(line.commands[700].words.map(\.string) == words)
      #expect(line.commands[0].words.map(\.string) == ["a"] && line.commands[701].word(0) == "last")
    }
  }

  @Test func commandsEndAtALimit() {
    let text = String(repeating: "a;", count: 10_000)
    text.withView { #expect(ShellLine($0).commands.count == ShellLine.maximumCommands + 1) }
  }

  @Test func aPlaceOutsideIsEmpty() {
    "a b c".withView { view in
      let line = ShellLine(view)
      let words = line.commands[0].words
      #expect(words[-1].isEmpty && words[3].isEmpty && words.name(9).isEmpty)
      #expect(words[1...].first?.string == "b" && words[1...][0].isEmpty && words[2..<9].count == 1)
      #expect(words.dropFirst().map(\.string) == ["b", "c"] && words.last?.string == "c")
    }
  }
}
