import Evidence
import MemoryParse

extension MemorySummary {
  /// The kernel as an event, and what could not be had as coverage.
  func write(into sink: any ResultSink) {
    if !banner.isEmpty {
      var attributes: [Attribute] = [Attribute("banner", banner)]
      attributes.add("release", release)
      attributes.add("architecture", architecture)
      attributes.add("host", hostName)
      attributes.add("method", method)
      attributes.add("boot_time", bootTime?.description)
      attributes.add("missing_reads", Int64(missingReads))
      let host = hostName.isEmpty ? "the host" : hostName
      sink.event(
        Event(
          time: acquisitionTime, .recorded, dataType: "linux:memory:acquisition",
          message: "memory image of \(host) taken: \(banner)",
          entities: hostName.isEmpty ? [] : [Entity(.host, hostName)], attributes: attributes, locator: .whole))
    }
    for sentence in failures { sink.coverage(Coverage(.skipped, 0..<0, reason: sentence)) }
  }
}
