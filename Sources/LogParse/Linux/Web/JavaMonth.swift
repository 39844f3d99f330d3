import Bytes

/// Names of months as a JDK writes them in languages for which glibc has others, or none that are told apart here: Chinese numerals
/// (JDK 8), Russian and Polish in three letters.
enum JavaMonth {
  private static let names: [String: Int] = [
    "一月": 1, "二月": 2, "三月": 3, "四月": 4, "五月": 5, "六月": 6, "七月": 7, "八月": 8, "九月": 9, "十月": 10, "十一月": 11,
    "十二月": 12, "янв": 1, "фев": 2, "мар": 3, "апр": 4, "май": 5, "мая": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9,
    "окт": 10,
    "ноя": 11, "дек": 12, "sty": 1, "lut": 2, "kwi": 4, "maj": 5, "cze": 6, "lip": 7, "sie": 8, "wrz": 9, "paź": 10,
    "lis": 11,
    "gru": 12,
  ]

  /// 1 to 12.
  static func read(_ text: ByteView) -> Int? {
    if let month = LocaleDate.month(text) { return month }
    guard (3...14).contains(text.count) else { return nil }
    let plain = text.hasSuffix("月") ? text : text.slice(0, text[0] == 0xD0 || text[0] == 0xD1 ? 6 : text.count)
    let name = plain[plain.count - 1] == 0x2E ? plain.dropLast(1) : plain
    return names[name.string]
  }
}
