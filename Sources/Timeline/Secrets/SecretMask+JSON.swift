import Bytes

extension SecretMask {
  /// A line of JSON without its secrets: string by string, so that it stays JSON whatever a secret's shape reaches over.
  ///
  /// - Returns: nil when there is nothing to mask.
  public static func mask(json: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    var isMasked = false
    var place = 0
    // A table has a secret's name in one column and the secret in another: `"KEY":"AWS_SECRET_ACCESS_KEY","VALUE":"…"`.
    var before: [String] = []
    while place < json.count {
      guard json[place] == 0x22 else {
        out.append(json[place])
        place += 1
        continue
      }
      var end = place + 1
      while end < json.count, json[end] != 0x22 { end += json[end] == 0x5C ? 2 : 1 }
      end = min(end, json.count)
      let text = json.slice(place + 1, end)
      out.append(0x22)
      let value = text.string
      let alone = mask(value, found: { _, _ in })
      let named = alone == nil ? before.lazy.compactMap { mask(value, named: $0) }.first : nil
      if value.utf8.count <= 64 { before = before.suffix(2) + [value] } else { before = [] }
      if let masked = alone ?? named {
        out.append(contentsOf: masked.utf8)
        isMasked = true
      } else {
        out.append(contentsOf: text.unsafeBytes)
      }
      if end < json.count { out.append(0x22) }
      place = end + 1
    }
    return isMasked ? out : nil
  }

  private static func mask(_ value: String, named name: String) -> String? {
    let prefix = name + "="
    return mask(prefix + value, found: { _, _ in }).flatMap {
      $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil
    }
  }
}
