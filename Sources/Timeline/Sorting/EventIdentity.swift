import Evidence

extension Event {
  /// Tells two copies of one record from two records; nil where nothing does.
  ///
  /// CloudTrail and GuardDuty number what they record, so the number decides, however the copy was wrapped. Other records
  /// are the same when all that they say is, down to the millisecond; a log that knows only seconds may well write one line
  /// twice on two hosts. Flow logs are the exception: a record names interface, ends, ports, packets and bytes.
  ///
  /// 64 bits of FNV-1a: to be asked among events of one moment and of one kind, where nobody gains by a collision that
  /// hides an event, since every copy's place is kept.
  public var identity: UInt64? {
    var hash = StableHash()
    hash.mix(dataType)
    hash.mix(timeMeaning.rawValue)
    if dataType.hasPrefix("aws:cloudtrail:"), let id = text("event_id") {
      hash.mix(id)
      return hash.value
    }
    if dataType.hasPrefix("aws:guardduty:"), let id = text("finding_id") {
      hash.mix(id)
      hash.mix(text("updated") ?? "")
      return hash.value
    }
    guard let time, time.precision >= .millisecond || dataType == "aws:vpcflow:record" else { return nil }
    hash.mix(message)
    for attribute in attributes {
      hash.mix(attribute.name)
      hash.mix(attribute.value.text)
    }
    return hash.value
  }
}

/// FNV-1a: Swift's own hash differs from run to run.
public struct StableHash {
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  public init() {}

  public mutating func mix(_ text: String) {
    for byte in text.utf8 { mix(byte) }
    mix(0xFF as UInt8)
  }

  public mutating func mix(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

  public mutating func mix(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { for byte in $0 { mix(byte) } }
  }
}
