extension LogFormats {
  static let aws: [any LogFormat] = [
    WAFFormat(), CloudTrailLakeFormat(), CloudTrailFormat(), GuardDutyFormat(), VPCFlowFormat(),
    VPCFlowEnvelopeFormat(), ALBFormat(),
    ALBConnectionFormat(), ClassicELBFormat(), NLBFormat(), CloudFrontFormat(), CloudFrontJSONFormat(),
    NetworkFirewallFormat(), ResolverQueryFormat(), S3AccessFormat(), SecurityHubFormat(),
    CloudTrailDigestFormat(), CloudTrailTableFormat(), VPCFlowTableFormat(), KubernetesAuditFormat(),
    MessageTableFormat(), WAFSampleFormat(), ALBTableFormat(),
    ParquetFormat(),
  ]
}
