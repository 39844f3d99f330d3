import Bytes
import Evidence

/// What a call does by its parameters, where its name alone says little.
extension CloudCall {
  /// Every right there is.
  var givesEverything: Bool {
    parameters(contain: ["AdministratorAccess", "IAMFullAccess"]) || parameters { $0.policyAllowsEverything } == true
  }

  var opensToEveryone: CloudParameters.Openness? { parameters { $0.policyOpens(besides: account) } }

  /// How grave it is that logging or detection ends with this call; nil where it does not.
  var blinds: Severity? {
    parameters { said -> Severity? in
      switch name {
      case "UpdateDetector": said.isFalse(["enable"]) ? .high : nil
      case "PutEventSelectors":
        said.isFalse(["includeManagementEvents"])
          || said.hasMember("advancedEventSelectors") && !said.has(["equals"], of: ["Management"]) ? .medium : nil
      case "UpdateTrail": said.isFalse(["isMultiRegionTrail", "includeGlobalServiceEvents"]) ? .medium : nil
      // Known noise is put away like that too.
      case "CreateFilter", "UpdateFilter":
        source.hasPrefix("guardduty") && said.has(["action"], of: ["ARCHIVE"]) ? .low : nil
      // Addresses that are no longer reported. The web firewall's lists have the same name.
      case "CreateIPSet", "UpdateIPSet": source.hasPrefix("guardduty") ? .medium : nil
      case "DeleteLogGroup": said.text("logGroupName").map(Self.isOfLogs) == true ? .medium : nil
      case "DeleteBucket": said.text("bucketName").map(Self.isOfLogs) == true ? .medium : nil
      case "PutRetentionPolicy":
        said.isNumber("retentionInDays", below: 8) && said.text("logGroupName").map(Self.isOfLogs) == true
          ? .medium : nil
      // Days after which a log is gone; some keep theirs short, but not so.
      case "PutBucketLifecycle", "PutBucketLifecycleConfiguration":
        said.expires(within: 8) && said.text("bucketName").map(Self.isOfLogs) == true ? .medium : nil
      case "Disable": source.hasPrefix("inspector2") ? .low : nil
      case "DisableRule", "DeleteRule":
        source.hasPrefix("events") && said.text("name").map(Self.isOfAlarms) == true ? .low : nil
      case "PutBucketLogging": said.hasMember("LoggingEnabled") ? nil : .low
      case "ModifyLoadBalancerAttributes":
        said.hasElement(of: "attributes", where: "key", holds: "access_logs.s3.enabled", and: "value", holds: "false")
          ? .low : nil
      case "UpdateClusterConfig":
        said.hasElement(of: "clusterLogging", where: "types", holds: "audit", and: "enabled", holds: "false")
          ? .medium : nil
      case "UpdateLoggingConfiguration":
        source.hasPrefix("network-firewall") && said.isEmptyList("logDestinationConfigs") ? .medium : nil
      default: nil
      }
    }
  }

  /// What holds an account's or a network's log is named for it.
  private static func isOfLogs(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["cloudtrail", "flowlog", "flow-log", "vpcflow"].contains { name.contains($0) }
  }

  /// A rule that passes alarms on says whose.
  private static func isOfAlarms(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["guardduty", "securityhub", "security-hub", "cloudtrail", "inspector"].contains { name.contains($0) }
  }

  /// How grave it is that something lies open after this call, and whether it does to all; nil where it does not.
  var opens: (severity: Severity, isGrave: Bool)? {
    let account = account
    return parameters { said -> (severity: Severity, isGrave: Bool)? in
      switch name {
      case "ModifySnapshotAttribute", "ModifyImageAttribute", "ModifyDBSnapshotAttribute",
        "ModifyDBClusterSnapshotAttribute":
        said.sharing.map { $0 == .withAll ? (.high, true) : (.medium, false) }
      case "PutBucketPolicy", "PutKeyPolicy":
        switch said.policyOpens(besides: account) {
        case .toAll?: (.medium, true)
        case .toForeign?: (.medium, true)
        case .toKnown?: (.low, false)
        case nil: nil
        }
      case "PutBucketAcl", "PutObjectAcl", "CreateBucket":
        said.has(["x-amz-acl"], of: ["public-read", "public-read-write", "authenticated-read"])
          || parameters(contain: ["AllUsers", "AuthenticatedUsers"]) ? (.medium, true) : nil
      case "PutBucketPublicAccessBlock", "PutAccountPublicAccessBlock":
        said.isFalse(["BlockPublicAcls", "BlockPublicPolicy"]) ? (.medium, false) : nil
      case "AddPermission20150331v2", "AddPermission20150331":
        // With a source it is a service's, or one account's.
        said.has(["principal"], of: ["*"]) && !said.hasMember("sourceArn") && !said.hasMember("sourceAccount")
          && !said.hasMember("principalOrgID") ? (.medium, false) : nil
      case "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig":
        said.has(["authType"], of: ["NONE"]) ? (.low, false) : nil
      case "SetRepositoryPolicy", "PutResourcePolicy", "UpdateElasticsearchDomainConfig", "UpdateDomainConfig",
        "SetQueueAttributes", "SetTopicAttributes":
        switch said.policyOpens(besides: account) {
        case .toAll?: (.medium, true)
        case .toForeign?: (.medium, false)
        // A secret that another account may read.
        case .toKnown? where source.hasPrefix("secretsmanager"): (.low, false)
        default: nil
        }
      case "AuthorizeSnapshotAccess": (.medium, false)
      case "ModifyDocumentPermission": said.has(["accountIdsToAdd"], of: ["all"]) ? (.medium, true) : nil
      // Where the other end is, the call says only when it is another account's.
      case "PutBucketReplication": said.names("Account", otherThan: account) ? (.medium, false) : nil
      case "ExportTableToPointInTime": said.names("s3BucketOwner", otherThan: account) ? (.medium, false) : nil
      case "ModifyDBInstance", "CreateDBInstance", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime",
        "RestoreDBInstanceFromS3":
        said.isTrue(["publiclyAccessible"]) ? (.medium, false) : nil
      default: nil
      }
    }
  }
}
