extension LogFormats {
  static let aws: [any LogFormat] = [WAFFormat(), CloudTrailFormat(), VPCFlowFormat(), GuardDutyFormat()]
}
