extension LogFormats {
  static let aws: [any LogFormat] = [
    WAFFormat(), CloudTrailFormat(), GuardDutyFormat(), VPCFlowFormat(), VPCFlowEnvelopeFormat(), ALBFormat(),
    ALBConnectionFormat(), ClassicELBFormat(), ResolverQueryFormat(), S3AccessFormat(), SecurityHubFormat(),
    CloudTrailDigestFormat(), ParquetFormat(),
  ]
}
