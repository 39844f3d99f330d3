import Bytes
import Evidence

/// VPC flow records that CloudWatch Logs hands on as JSON: the lines of `VPCFlowFormat` as `message` texts.
public struct VPCFlowEnvelopeFormat: LogFormat {
  public let name = "aws.vpcflow.cloudwatch"
  public let version = 6

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    // Where no record is whole within the sample, the names alone decide: every flow names an interface, and not much else does.
    AWSRecords.recognizes(sample, names: ["\"message\"", "eni-"]) { json in
      json["message"]?.rawString.map { VPCFlowReader.isStandard($0.words(limit: 20)) } ?? false
    }
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var reader = VPCFlowReader()
    try AWSRecords.read(stream, named: "flow record", into: sink) { json, locator in
      guard let line = json["message"]?.rawString, case .event(let event) = reader.read(line, locator) else {
        return false
      }
      sink.event(event)
      return true
    }
  }
}
