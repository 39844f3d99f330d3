extension LogFormats {
  static let aws: [any LogFormat] = [
    WAFFormat(), CloudTrailFormat(), GuardDutyFormat(), VPCFlowFormat(), VPCFlowEnvelopeFormat(), ALBFormat(),
    ALBConnectionFormat(), ClassicELBFormat(), NLBFormat(), CloudFrontFormat(), NetworkFirewallFormat(),
    ResolverQueryFormat(), S3AccessFormat(), SecurityHubFormat(),
    CloudTrailDigestFormat(), CloudTrailTableFormat(), VPCFlowTableFormat(), KubernetesAuditFormat(),
    MessageTableFormat(),
    ParquetFormat(),
  ]
}
