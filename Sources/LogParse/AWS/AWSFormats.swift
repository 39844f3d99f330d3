extension LogFormats {
  static let aws: [any LogFormat] = [
    // Several logs in one file are told as such, whatever the first of them is.
    CloudWatchFormat(), CloudWatchTableFormat(), CloudWatchTextFormat(),
    WAFFormat(), CloudTrailLakeFormat(), CloudTrailFormat(), GuardDutyFormat(), VPCFlowFormat(),
    VPCFlowEnvelopeFormat(), ALBFormat(),
    ALBConnectionFormat(), ClassicELBFormat(), NLBFormat(), CloudFrontFormat(), CloudFrontJSONFormat(),
    NetworkFirewallFormat(), ResolverQueryFormat(), S3AccessFormat(), SecurityHubFormat(),
    CloudTrailDigestFormat(), CloudTrailTableFormat(), VPCFlowTableFormat(), KubernetesAuditFormat(),
    MessageTableFormat(), WAFSampleFormat(), ALBTableFormat(),
    RunCommandFormat(), ExecutionHistoryFormat(), InspectorFormat(), MacieFormat(), ConfigItemFormat(),
    ParquetFormat(),
  ]
}
