import Bytes

extension IPAddress {
  /// An address in the form by which sources are joined; what is no address as it stands. Only IPv6 is written in several ways,
  /// so that of any other address nothing but its text is made.
  static func usual(_ text: ByteView) -> String {
    isWrittenAsIPv6(text) ? normal(text) ?? text.string : text.string
  }

  static func usual(_ text: String) -> String { text.withView(usual) }

  /// Four digits at most stand in front of the first colon.
  @inline(__always)
  static func isWrittenAsIPv6(_ text: ByteView) -> Bool {
    text[0] == 0x3A || text[1] == 0x3A || text[2] == 0x3A || text[3] == 0x3A || text[4] == 0x3A
  }
}

extension JSONView {
  /// The same as `kept`, an address in the form by which sources are joined.
  var keptAddress: String? {
    guard let raw = rawString, IPAddress.isWrittenAsIPv6(raw) else { return kept }
    return IPAddress.normal(raw) ?? kept
  }
}
