import Bytes
import Foundation

/// One sample beside a rule: what the rule must say yes, or no, to.
///
/// For a rule file `dropper.yar` the samples lie in the folder `dropper/` and are called after the rule:
/// `RULE.hit`, `RULE.miss`, further ones `RULE.hit.2`. What follows the word is the name under which the sample is
/// scanned (`RULE.hit.ld.so.preload`). A sample that ends in `.hex` is hexadecimal digits, texts in double quotes and
/// comments from `#`, so that binary samples can be read and reviewed.
struct RuleSample {
  var rule: String
  var isHit: Bool
  /// Relative to the rules directory.
  var path: String
  /// What stands after `hit` or `miss`.
  var suffix: String

  /// - Parameter path: of the sample, relative to the rules directory; nil where the name is not a sample's.
  init?(path: String) {
    let name = path.split(separator: "/").last ?? ""
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let place = parts.firstIndex(where: { $0 == "hit" || $0 == "miss" }), place > 0,
      !parts[0].isEmpty
    else { return nil }
    self.path = path
    rule = parts[..<place].joined(separator: ".")
    isHit = parts[place] == "hit"
    suffix = parts[(place + 1)...].joined(separator: ".")
  }

  var isHexadecimal: Bool { suffix == "hex" || suffix.hasSuffix(".hex") }

  /// The bytes that a `.hex` sample stands for; nil where something in it is neither digits, text nor comment.
  static func decodeHexadecimal(_ text: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    var place = 0
    while place < text.count {
      let byte = text[place]
      if byte == 0x23 {
        place = text.firstIndex(of: 0x0A, from: place) ?? text.count
      } else if byte == 0x22 {
        guard let end = text.firstIndex(of: 0x22, from: place + 1) else { return nil }
        out.append(contentsOf: text.slice(place + 1, end).array)
        place = end + 1
      } else if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
        place += 1
      } else {
        guard let high = hexDigit(byte), let low = hexDigit(text[place + 1]), place + 1 < text.count else { return nil }
        out.append(high << 4 | low)
        place += 2
      }
    }
    return out
  }

  /// All samples below a directory, in the order of their paths.
  static func all(in directory: String) -> [RuleSample] {
    guard let walk = FileManager.default.enumerator(atPath: directory) else { return [] }
    var found: [RuleSample] = []
    while let path = walk.nextObject() as? String {
      if let sample = RuleSample(path: path), walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
        found.append(sample)
      }
    }
    return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }
}
