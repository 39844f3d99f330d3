import Bytes

/// A command that was wrapped inside another text.
struct CommandLayer {
  var text: [UInt8]
  /// What was undone to see it, in words.
  var step: String
  /// The same command in plainer words (`{bash,-i}` → `bash -i`), not another one.
  var isRewording: Bool
  /// It is a script that was written as a string: data to whoever handles it, until it is run.
  var isScript = false
}

/// Unwraps commands: Base64, hexadecimal, escapes, character codes, reversal, and the spellings by which a shell is made
/// to see what a filter does not, in any order and to any depth up to the caps.
///
/// Nothing is run and nothing guessed: a layer counts only where its text is printable. What a layer means is for the
/// caller to judge.
enum CommandLayers {
  static let maximumDepth = 12
  static let maximumLayers = 32
  /// All layers together may be this many times as long as the text, and a little: a layer of spelling is as long as the
  /// text, Base64's is shorter, and real wrappings are few.
  static let maximumGrowth = 2
  private static let freeGrowth = 2048
  /// Longer texts are no command lines; only their first part is unwrapped.
  static let maximumLength = 64 << 10

  /// The marks of every wrapping that is undone here.
  private static let marks = LiteralSet(
    exact: [
      "IFS", "\\x", "\\u", "%2", "%09", "dev\\/", "tcp\\/", "udp\\/", "}tcp", "}udp", "}dev", "''", "\"\"", "rev",
      "{echo,", "{nc,", "{bash,", "{sh,", "{curl,", "{wget,", "chr(",
      "Char", "xxd",
      "hex", "pack(", "openssl", "JAB", "$@", "$*", "$(printf", "$(echo", "+-e+", "+-c+", "sh+-i", "$'", "\\>", "\\&",
      "&gt;", "&lt;", "&amp;", "&#", "N-ZA-M", "zlib", "`echo", "`printf", "/?", "/[", "?sh", "?h ", "c] ", "h] ",
      "rot13", "rot_13", "}c ", "}h ", "}sh ", "sh\" ", "sh' ", "nc\" ", "nc' ", "\\n", "{socat,", "{ncat,", "{cat,",
      "}p/", "&quot;", "&apos;", "%3C", "%3c", "%7C", "%7c", "'\"'\"'", "'+'", "\"+\"", "' + '", "\" + \"", "'.'",
      " argc=", "#012", "$((", "$[", "strrev", "[::-1]",
    ], ignoringCase: ["base64", "base32", "b64", "-enc", "[char]"])

  /// Where plus signs are a query's blanks, and where stars and question marks are a path's letters. Few texts have such signs at
  /// all: these are sought where they do.
  private static let queryMarks = LiteralSet(exact: [
    "+/etc", "+/tmp", "+/bin", "+/dev", "+/usr", "+/var", "+/proc", "+/root", "+http", "+tcp:", "curl+", "wget+", "nc+",
    "+|",
  ])
  private static let patternMarks = LiteralSet(exact: ["n? ", "?n/", "?c/", "?dow", "*h ", "*sh ", "*dow"])

  /// Whether a text shows any sign of wrapping: the cheap question before the dear one.
  static func mayHold(_ text: ByteView) -> Bool {
    var found = false
    marks.forEachMatch(in: text) { _, _ in
      found = true
      return nil
    }
    if found { return true }
    if text.firstIndex(of: 0x2B) != nil, queryMarks.occurs(in: text) { return true }
    if text.firstIndex(of: 0x2A) != nil || text.firstIndex(of: 0x3F) != nil, patternMarks.occurs(in: text) {
      return true
    }
    // `b'a'sh`, `/dev/tcp/"$H"/"$P"`
    for quote: UInt8 in [0x27, 0x22] {
      var from = 0
      while let place = text.firstIndex(of: quote, from: from) {
        from = place + 1
        guard isWordByte(text[from]) || text[from] == 0x24, text[place - 1] != 0x20 else { continue }
        let isOne = text[place + 2] == quote && (text[place + 3] == 0x20 || text[place - 1] == 0x2D)
        if isOne, isWordByte(text[place - 1]) || text[place - 1] == 0x2D { return true }
        if ShellSpelling.quotedPart(text, place) != nil { return true }
      }
    }
    // `b\ash`, `\057`
    var from = 0
    while let place = text.firstIndex(of: 0x5C, from: from) {
      if isWordByte(text[place + 1]), isWordByte(text[place - 1]) || text[place + 1] <= 0x39 || text[place - 1] == 0x2F
      {
        return true
      }
      // `"sh\"`: a string within a string.
      if text[place + 1] == 0x22, text[place - 1] == 0x68, text[place - 2] == 0x73 { return true }
      // A line that goes on, and a string within a string within a string.
      if text[place + 1] == 0x0A || text[place + 1] == 0x0D || text[place + 1] == 0x5C && text[place + 2] == 0x5C {
        return true
      }
      from = place + 1
    }
    return ShellVariables.mayHold(text) || holdsRun(text) || WideText.stands(in: text)
  }

  /// Whether a long run of Base64 or hexadecimal digits stands for text.
  private static func holdsRun(_ text: ByteView) -> Bool {
    Base64.runs(in: text, minimum: 32).prefix(8).contains { run in
      // The beginning tells.
      Base64.text(text.slice(run.lowerBound, min(run.upperBound, run.lowerBound + 64))) != nil
    } || HexadecimalText.run(in: text) != nil
  }

  /// Layers in the order in which they were found, outer before inner. Linear in the text for each layer, and layers
  /// only shrink.
  static func unwrap(_ text: ByteView) -> [CommandLayer] {
    var found: [CommandLayer] = []
    var queue = [(text: text.slice(0, maximumLength).array, depth: 0, isScript: false)]
    var next = 0
    let length = queue.first?.text.count ?? 0
    var budget = length * maximumGrowth + freeGrowth
    // One rewording says what there is to say.
    var rewordings = length + freeGrowth
    while next < queue.count, found.count < maximumLayers {
      let (bytes, depth, isScript) = queue[next]
      next += 1
      if depth >= maximumDepth || depth > 0 && !bytes.withView({ mayHold($0) }) { continue }
      let rewords = depth == 0 || rewordings >= bytes.count / maximumShrinking
      for var layer in bytes.withView({ peel($0, rewords: rewords) })
      where found.count < maximumLayers && layer.text.count <= budget
        && (!layer.isRewording || layer.text.count <= rewordings) && !found.contains(where: { $0.text == layer.text })
      {
        budget -= layer.text.count
        if layer.isRewording { rewordings -= layer.text.count }
        layer.isScript = layer.isScript || isScript
        found.append(layer)
        queue.append((layer.text, depth + 1, layer.isScript))
      }
    }
    return found
  }

  /// A rewording that has only a smaller part of its text left to it is not tried again: few would come to so little.
  private static let maximumShrinking = 4

  /// A text longer than this is reworded in one go, one way of writing after the other; what shorter ones cost does not count.
  private static let separateLength = 512

  /// The ways of writing a command otherwise, each on its own or all one after the other.
  private static func rewordings(_ text: ByteView) -> [CommandLayer] {
    // Until its zeros are out nothing else can be read.
    if let made = WideText.narrowed(text) {
      return [CommandLayer(text: made, step: "UTF-16 narrowed", isRewording: true)]
    }
    var layers: [CommandLayer] = []
    if let made = AuditArguments.joined(text) {
      layers.append(CommandLayer(text: made, step: "auditd's arguments joined", isRewording: true))
    }
    var current = CommandLayer(text: [], step: "", isRewording: true)
    let isLong = text.count > separateLength
    if let made = EscapedLines.broken(text) {
      current = CommandLayer(text: made, step: "escaped line ends undone", isRewording: true, isScript: true)
      if !isLong { layers.append(current) }
    }
    for way in [plain, decoded, expanded, requoted] as [(ByteView) -> (text: [UInt8], step: String)?] {
      guard let made = isLong && !current.step.isEmpty ? current.text.withView(way) : way(text) else { continue }
      current.text = made.text
      current.step = isLong && !current.step.isEmpty ? "\(current.step), \(made.step)" : made.step
      current.isScript = current.isScript && isLong
      if !isLong { layers.append(current) }
    }
    if isLong, !current.step.isEmpty { layers.append(current) }
    return layers
  }

  private static func plain(_ text: ByteView) -> (text: [UInt8], step: String)? {
    ShellSpelling.plain(text).map { ($0, "shell spelling made plain") }
  }

  private static func decoded(_ text: ByteView) -> (text: [UInt8], step: String)? {
    guard Encodings.mayHold(text) else { return nil }
    // A form body writes blanks as plus signs.
    var undone = Encodings.undoForm(text, ifEncoded: true)
    if undone.kinds.contains(.url) { Encodings.dropCutEscape(&undone.bytes) }
    return (undone.bytes, "\(undone.kinds.words) undone")
  }

  private static func expanded(_ text: ByteView) -> (text: [UInt8], step: String)? {
    ShellVariables.expanded(text).map { ($0, "variables put in") }
  }

  private static func requoted(_ text: ByteView) -> (text: [UInt8], step: String)? {
    NestedQuotes.undone(text).map { ($0, "quotes within quotes undone") }
  }

  private static func peel(_ text: ByteView, rewords: Bool) -> [CommandLayer] {
    var layers = rewords ? rewordings(text) : []
    if let values = QueryValues.plain(text) {
      layers.append(CommandLayer(text: values, step: "values of a query", isRewording: true))
    }
    let signs = TextCodes.Signs(text)
    var number = 0
    var packed = 0
    var turned = 0
    var opened = 0
    var joined: [Range<Int>] = []
    for one in signs.isBase64 ? Base64Pieces.joined(in: text) : []
    where !joined.contains(where: { $0.overlaps(one.range) }) {
      guard let inner = one.digits.withView({ Base64.text($0) ?? TextCodes.inflated($0) }) else { continue }
      joined.append(one.range)
      layers.append(CommandLayer(text: inner, step: "pieces of Base64 decoded", isRewording: false))
    }
    for run in Base64.runs(in: text, minimum: 12)
    where number < 8 && !joined.contains(where: { $0.overlaps(run) }) {
      // `/dev/tcp/` and words are of the alphabet too: what decodes to no text drops out.
      let digits = text.slice(run.lowerBound, run.upperBound)
      if let inner = Base64.text(digits) {
        layers.append(CommandLayer(text: inner, step: "Base64 decoded", isRewording: false))
        // `… | base64 -d | tr 'A-Za-z' 'N-ZA-Mn-za-m'`
        if signs.rotation != nil {
          let letters = inner.withView { TextCodes.rotated($0) }
          layers.append(CommandLayer(text: letters, step: "Base64 decoded, letters rotated by 13", isRewording: false))
        }
      } else if packed < 4, !PackedText.mayBegin(digits),
        let inner = TextCodes.inflated(digits, isRaw: signs.isDeflated)
      {
        packed += 1
        layers.append(CommandLayer(text: inner, step: "Base64 decoded and decompressed", isRewording: false))
        // `str_rot13(gzinflate(base64_decode(…)))`
        if signs.rotation != nil {
          let letters = inner.withView { TextCodes.rotated($0) }
          layers.append(
            CommandLayer(text: letters, step: "Base64 decoded, decompressed, letters rotated by 13", isRewording: false)
          )
        }
      } else if opened < 2, PackedText.mayBegin(digits) {
        // To try costs as much as to succeed.
        opened += 1
        guard let inner = PackedText.text(digits) else { continue }
        layers.append(CommandLayer(text: inner, step: "Base64 decoded and decompressed", isRewording: false))
      } else if signs.isTurned, turned < 4, let inner = turnedBase64(digits) {
        turned += 1
        layers.append(CommandLayer(text: inner, step: "Base64 turned round and decoded", isRewording: false))
      } else {
        continue
      }
      number += 1
    }
    if signs.isBase32, let inner = TextCodes.base32(text) {
      layers.append(CommandLayer(text: inner, step: "Base32 decoded", isRewording: false))
    }
    if let place = signs.rotation {
      let around = TextCodes.around(text, place)
      layers.append(CommandLayer(text: TextCodes.rotated(around), step: "letters rotated by 13", isRewording: false))
    }
    if let inner = HexadecimalText.run(in: text) ?? (signs.isHexadecimal ? HexadecimalText.spaced(in: text) : nil) {
      layers.append(CommandLayer(text: inner, step: "hexadecimal decoded", isRewording: false))
    }
    if let inner = characterCodes(text) {
      layers.append(CommandLayer(text: inner, step: "character codes decoded", isRewording: false))
    }
    if let place = signs.reversal, let inner = TextCodes.reversed(text, place) {
      layers.append(CommandLayer(text: inner, step: "reversed", isRewording: false))
    }
    return layers
  }

  /// `b64decode('==wYiF…'[::-1])`
  private static func turnedBase64(_ digits: ByteView) -> [UInt8]? {
    guard digits.count >= 24 else { return nil }
    return digits.array.reversed().withView { Base64.text($0) ?? TextCodes.inflated($0) }
  }

  private static let digits = ByteSet("0123456789")

  /// `98,97,115,104`, `chr(98).chr(97)`, `[char]98+[char]97`: at least eight decimal numbers of printable characters with
  /// the same few characters between them.
  private static func characterCodes(_ text: ByteView) -> [UInt8]? {
    var best: [UInt8] = []
    var codes: [UInt8] = []
    var gap = 0
    var place = 0
    var digits = BytePlaces(of: digits, in: text)
    while place < text.count {
      let start = digits.next(from: place)
      gap += start - place
      place = digits.end(from: start)
      let number = place - start <= 20 ? text.slice(start, place).integer ?? 0 : 0
      let isCode = number >= 0x20 && number < 0x7F || number == 10
      if !isCode || gap > 9 || gap == 0 {
        if codes.count > best.count { swap(&codes, &best) }
        codes.removeAll(keepingCapacity: true)
      }
      if isCode { codes.append(UInt8(truncatingIfNeeded: number)) }
      gap = 0
    }
    if codes.count > best.count { best = codes }
    return best.count >= 8 && best.contains(where: { $0 >= 0x61 && $0 <= 0x7A }) ? best : nil
  }
}
