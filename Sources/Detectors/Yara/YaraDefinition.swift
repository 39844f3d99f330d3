/// The value of an external variable, of the kind that the `yara` command takes it for: digits, perhaps with a minus in front and dots
/// within, are a number; all else is text.
enum YaraDefinition: Equatable {
  case flag(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)

  init(_ value: String) {
    if value == "true" || value == "false" {
      self = .flag(value == "true")
    } else if Self.isNumber(value, dots: 0), let number = Int64(value) {
      self = .integer(number)
    } else if Self.isNumber(value, dots: 1), let number = Double(value) {
      self = .number(number)
    } else {
      self = .text(value)
    }
  }

  private static func isNumber(_ text: String, dots: Int) -> Bool {
    let digits = text.utf8.first == 0x2D ? text.utf8.dropFirst() : text.utf8[...]
    return digits.first.map { $0 != 0x2E } == true && digits.count(where: { $0 == 0x2E }) == dots
      && digits.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
  }
}
