import Bytes
import Evidence

/// Apache Parquet, in which flow logs and Security Lake may be delivered: recognized, and said to be not covered.
public struct ParquetFormat: LogFormat {
  public let name = "aws.parquet"
  public let version = 1

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? { sample.head.hasPrefix("PAR1") ? .high : nil }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    var length: UInt64 = 0
    while case let count = try stream.read(into: buffer), count > 0 { length += UInt64(count) }
    let what = context.path.contains("vpcflowlogs") ? "VPC flow logs as Parquet are" : "Parquet is"
    var coverage = CoverageLedger(sink, encodings: stream.encodings)
    coverage.skipped(upTo: length, "\(what) not read by this version; deliver them as text")
    coverage.finish(damage: stream.damage)
  }
}
