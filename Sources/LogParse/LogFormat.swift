import Bytes
import Evidence

/// One format of log, capture or table: bytes → events. One file each in `Formats/`, one line each in `LogFormats.all`.
public protocol LogFormat: Sendable {
  /// Stable, dotted: `aws.waf`, `linux.bash_history`, `capture.netstat`.
  var name: String { get }

  /// Raised whenever the same bytes would give other events; results of older versions are computed anew.
  var version: Int { get }

  /// Whether the sample is in this format. Judged by content; the path may only settle what content leaves open (a
  /// shell history without times looks like any text).
  func recognizes(_ sample: FormatSample) -> Confidence?

  /// Reads the stream to its end. What cannot be read becomes a coverage entry, never an error, and what follows it is
  /// read all the same. Constant memory.
  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError)
}

/// What a format is recognized by.
public struct FormatSample {
  /// The first bytes after decoding, up to 64 KiB.
  public var head: ByteView
  /// The end of the path as the collector or the archive named it.
  public var path: String
  /// Whether `head` is all there is.
  public var isWhole: Bool

  public init(head: ByteView, path: String, isWhole: Bool) {
    self.head = head
    self.path = path
    self.isWhole = isWhole
  }

  /// The bytes behind a mark of UTF-8, where there is one.
  public var front: ByteView { head.hasPrefix("\u{FEFF}") ? head.dropFirst(3) : head }

  /// The path's last component.
  public var name: Substring { path.split(separator: "/").last ?? "" }
}

/// What a parser may know besides the bytes. All of it is part of the result's key.
public struct ParseContext: Hashable, Sendable {
  /// The end of the path as the source named it (`home/admin/.bash_history`).
  public var path: String
  /// Minutes east of UTC of local times without a zone, and whether somebody said so or it was inferred.
  public var zone: Timestamp.Zone
  /// Of a zone with summer time, where `zone` is what it has at the time of the capture. Whoever parses passes what comes on through a
  /// `SummerTimeSink`.
  public var summerTime: PosixZoneRule?
  /// When the source was collected, for years that syslog leaves out and times of day that `ps` prints alone.
  public var collected: Timestamp?

  public init(
    path: String, zone: Timestamp.Zone = .inferred(0), summerTime: PosixZoneRule? = nil, collected: Timestamp? = nil
  ) {
    self.path = path
    self.zone = zone
    self.summerTime = summerTime
    self.collected = collected
  }
}

/// The formats that are known, in the order in which ties are settled.
public enum LogFormats {
  public static let all: [any LogFormat] = LogFormats.aws + LogFormats.linux + LogFormats.captures

  /// The format that is surest of the sample; nil where none knows it. Lines may end in carriage returns alone: the stream is then
  /// to be read through `LineEndStream`.
  public static func recognize(_ sample: FormatSample) -> (any LogFormat)? {
    if LineEndStream.hasReturnsAlone(sample.head) {
      return LineEndStream.converted(sample.head).withView {
        recognize(FormatSample(head: $0, path: sample.path, isWhole: sample.isWhole))
      }
    }
    var best: (format: any LogFormat, confidence: Confidence)?
    for format in all {
      guard let confidence = format.recognizes(sample) else { continue }
      if confidence == .high { return format }
      if best.map({ confidence > $0.confidence }) ?? true { best = (format, confidence) }
    }
    return best?.format ?? withoutMessages(sample).flatMap { recognize($0) }
  }

  /// The sample behind what a command said of itself first (`sudo: unable to resolve host …`); nil where it said nothing.
  private static func withoutMessages(_ sample: FormatSample) -> FormatSample? {
    var rest = sample.front
    var isShorter = false
    while let (line, after) = rest.cut(0x0A), line.count < 4096, !after.isEmpty, CommandMessage.reason(line) != nil {
      rest = after
      isShorter = true
    }
    return isShorter ? FormatSample(head: rest, path: sample.path, isWhole: sample.isWhole) : nil
  }

  public static func named(_ name: String) -> (any LogFormat)? { all.first { $0.name == name } }
}
