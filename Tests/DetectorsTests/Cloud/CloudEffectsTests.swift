import Evidence
import Testing

@testable import Detectors

@Suite struct CloudEffectsTests {
  @Test func anInstanceThatOpensTheConsole() {
    for name in ["GetSigninToken", "ConsoleLogin"] {
      #expect(judged(name, service: "signin", instance: CloudSamples.instance) == [.high])
      #expect(judged(name, service: "signin").isEmpty)
    }
  }

  @Test(
    arguments: [
      (
        "PutResourcePolicy", "secretsmanager",
        #"{"resourcePolicy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"*\"}]}"}"#,
        .medium
      ),
      (
        "SetQueueAttributes", "sqs",
        #"{"attributes":{"Policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:*\"}]}"}}"#,
        .medium
      ),
      (
        "SetQueueAttributes", "sqs",
        #"{"attributes":{"Policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::b\"}}}]}"}}"#,
        nil
      ),
      ("SetQueueAttributes", "sqs", #"{"attributes":{"VisibilityTimeout":"30"}}"#, nil),
      ("AuthorizeSnapshotAccess", "redshift", #"{"accountWithRestoreAccess":"999988887777"}"#, .medium),
      ("ModifyDocumentPermission", "ssm", #"{"name":"d","accountIdsToAdd":["all"]}"#, .medium),
      ("ModifyDocumentPermission", "ssm", #"{"name":"d","accountIdsToAdd":["999988887777"]}"#, nil),
      (
        "PutBucketReplication", "s3",
        #"{"ReplicationConfiguration":{"Rule":{"Destination":{"Bucket":"arn:aws:s3:::x","Account":"999988887777"}}}}"#,
        .medium
      ),
      (
        "PutBucketReplication", "s3",
        #"{"ReplicationConfiguration":{"Rule":{"Destination":{"Bucket":"arn:aws:s3:::x"}}}}"#, nil
      ),
      ("ExportTableToPointInTime", "dynamodb", #"{"s3Bucket":"x","s3BucketOwner":"999988887777"}"#, .medium),
      ("ExportTableToPointInTime", "dynamodb", #"{"s3Bucket":"x","s3BucketOwner":"111122223333"}"#, nil),
      ("RestoreDBInstanceFromDBSnapshot", "rds", #"{"publiclyAccessible":true}"#, .medium),
      ("RestoreDBInstanceFromDBSnapshot", "rds", #"{"publiclyAccessible":false}"#, nil),
      ("ModifySecurityGroupRules", "ec2", #"{"SecurityGroupRule":{"CidrIpv4":"0.0.0.0/0"}}"#, .low),
      ("ModifySecurityGroupRules", "ec2", #"{"SecurityGroupRule":{"CidrIpv4":"10.0.0.0/8"}}"#, nil),
      (
        "PutBucketLifecycle", "s3",
        #"{"bucketName":"aws-cloudtrail-logs-1","LifecycleConfiguration":{"Rule":{"Expiration":{"Days":1}}}}"#, .medium
      ),
      (
        "PutBucketLifecycle", "s3",
        #"{"bucketName":"aws-cloudtrail-logs-1","LifecycleConfiguration":{"Rule":{"Transition":{"Days":0},"Expiration":{"Days":365}}}}"#,
        nil
      ),
      (
        "PutBucketLifecycle", "s3",
        #"{"bucketName":"tmp","LifecycleConfiguration":{"Rule":{"Expiration":{"Days":1}}}}"#, nil
      ),
      ("DisableRule", "events", #"{"name":"guardduty-to-sns"}"#, .low),
      ("DisableRule", "events", #"{"name":"nightly-report"}"#, nil),
      ("Disable", "inspector2", #"{"resourceTypes":["EC2"]}"#, .low),
      ("Disable", "other", nil, nil),
      ("LeaveOrganization", "organizations", nil, .medium),
      ("DisassociateMembers", "guardduty", nil, .medium),
    ] as [(String, String, String?, Severity?)])
  func alsoOpensOrBlinds(_ name: String, _ service: String, _ parameters: String?, _ severity: Severity?) {
    #expect(judged(name, parameters, service: service) == (severity.map { [$0] } ?? []))
  }

  private func judged(
    _ name: String, _ parameters: String? = nil, service: String = "s3", instance: String? = nil
  ) -> [Severity] {
    let call = CloudSamples.call(name, service, instance: instance, parameters: parameters)
    return findings(CloudActions(artifact: artifact), [call]).map(\.severity)
  }

  @Test(
    arguments: [
      ("PutBucketLogging", #"{"bucketName":"b","BucketLoggingStatus":{"xmlns":"x"}}"#, .low),
      ("PutBucketLogging", #"{"BucketLoggingStatus":{"LoggingEnabled":{"TargetBucket":"l"}}}"#, nil),
      (
        "ModifyLoadBalancerAttributes", #"{"attributes":[{"key":"access_logs.s3.enabled","value":"false"}]}"#, .low
      ),
      (
        "ModifyLoadBalancerAttributes",
        #"{"attributes":[{"key":"access_logs.s3.enabled","value":"true"},{"key":"deletion_protection.enabled","value":"false"}]}"#,
        nil
      ), ("DeleteResolverQueryLogConfig", nil, .medium),
      ("UpdateClusterConfig", #"{"logging":{"clusterLogging":[{"types":["api","audit"],"enabled":false}]}}"#, .medium),
      (
        "UpdateClusterConfig",
        #"{"logging":{"clusterLogging":[{"types":["audit"],"enabled":true},{"types":["api"],"enabled":false}]}}"#, nil
      ),
      (
        "PutEventSelectors",
        #"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]}]}]}"#, .medium
      ),
      (
        "PutEventSelectors",
        #"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]}"#, nil
      ), ("PutRetentionPolicy", #"{"logGroupName":"aws-cloudtrail-logs","retentionInDays":1}"#, .medium),
      ("PutRetentionPolicy", #"{"logGroupName":"aws-cloudtrail-logs","retentionInDays":90}"#, nil),
      ("PutRetentionPolicy", #"{"logGroupName":"/aws/lambda/x","retentionInDays":1}"#, nil),
      ("DeleteBucket", #"{"bucketName":"aws-cloudtrail-logs-1"}"#, .medium),
      ("DeleteBucket", #"{"bucketName":"images"}"#, nil),
    ] as [(String, String?, Severity?)])
  func whatEndsALog(name: String, parameters: String?, severity: Severity?) {
    #expect(judged(name, parameters) == (severity.map { [$0] } ?? []))
  }

  @Test func theFirewallsLogs() {
    let none = #"{"firewallName":"f","loggingConfiguration":{"logDestinationConfigs":[]}}"#
    #expect(judged("UpdateLoggingConfiguration", none, service: "network-firewall") == [.medium])
    #expect(judged("UpdateLoggingConfiguration", none, service: "ivschat").isEmpty)
  }

  @Test(
    arguments: [
      (
        "CreatePolicy", #"{"policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\"}]}"}"#, .medium
      ), ("CreatePolicy", #"{"policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\"}]}"}"#, nil),
      ("PutKeyPolicy", #"{"policy":"{\"Statement\":[{\"Principal\":\"*\",\"Action\":\"kms:*\"}]}"}"#, .medium),
      ("PutKeyPolicy", #"{"policy":"{\"Statement\":[{\"Principal\":{\"AWS\":\"111122223333\"}}]}"}"#, nil),
      ("AddPermission20150331v2", #"{"functionName":"f","principal":"*"}"#, .medium),
      ("AddPermission20150331v2", #"{"principal":"*","sourceAccount":"111122223333"}"#, nil),
      ("AddPermission20150331v2", #"{"principal":"s3.amazonaws.com"}"#, nil),
      ("CreateFunctionUrlConfig", #"{"authType":"NONE"}"#, .low),
      ("CreateFunctionUrlConfig", #"{"authType":"AWS_IAM"}"#, nil),
      ("ModifyDBInstance", #"{"publiclyAccessible":true}"#, .medium),
      ("ModifyDBInstance", #"{"publiclyAccessible":false}"#, nil),
      (
        "AttachManagedPolicyToPermissionSet", #"{"managedPolicyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#,
        .medium
      ),
      ("AttachManagedPolicyToPermissionSet", #"{"managedPolicyArn":"arn:aws:iam::aws:policy/ViewOnlyAccess"}"#, nil),
    ] as [(String, String?, Severity?)])
  func whatOpens(name: String, parameters: String?, severity: Severity?) {
    #expect(judged(name, parameters) == (severity.map { [$0] } ?? []))
  }

  @Test(
    arguments: [
      (#"{"Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"s3:*"}"#, .medium),
      (#"{"Principal":{"AWS":["999988887777"]},"Action":"s3:GetObject"}"#, .low),
      (#"{"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:*"}"#, nil),
      (#"{"Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject"}"#, nil),
    ] as [(String, Severity?)])
  func anotherAccount(statement: String, severity: Severity?) {
    #expect(
      judged("PutBucketPolicy", "{\"bucketPolicy\":{\"Statement\":[\(statement)]}}") == (severity.map { [$0] } ?? []))
  }

  /// Terraform and Packer on an instance change policies all day.
  @Test(
    arguments: [
      (
        "CreatePolicyVersion", #"{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"s3:GetObject"}]}}"#,
        .medium
      ),
      ("CreatePolicyVersion", #"{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*"}]}}"#, .high),
      (
        "UpdateAssumeRolePolicy",
        #"{"policyDocument":{"Statement":[{"Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}}"#,
        .medium
      ),
      (
        "UpdateAssumeRolePolicy",
        #"{"policyDocument":{"Statement":[{"Principal":{"AWS":"999988887777"},"Action":"sts:AssumeRole"}]}}"#, .high
      ), ("ModifyImageAttribute", #"{"launchPermission":{"add":{"items":[{"userId":"444455556666"}]}}}"#, .medium),
      ("ModifyImageAttribute", #"{"launchPermission":{"add":{"items":[{"group":"all"}]}}}"#, .high),
      (
        "PutBucketPolicy",
        #"{"bucketPolicy":{"Statement":[{"Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}}"#,
        .medium
      ), ("PutBucketPolicy", #"{"bucketPolicy":{"Statement":[{"Principal":"*","Action":"s3:GetObject"}]}}"#, .high),
      ("CreateAccessKey", nil, .high), ("DeleteFlowLogs", nil, .medium), ("StopLogging", nil, .high),
    ] as [(String, String?, Severity)])
  func aMachineThatBuilds(name: String, parameters: String?, severity: Severity) {
    #expect(judged(name, parameters, instance: CloudSamples.instance) == [severity])
  }

  @Test(arguments: ["AuthorizationError", "AuthorizationErrorException", "ForbiddenException", "AccessDenied"])
  func denials(error: String) {
    let call = CloudSamples.call("CreateUser", "iam", error: error)
    #expect(findings(CloudActions(artifact: artifact), [call]).map(\.severity) == [.medium])
  }

  @Test(
    arguments: [
      ("Boto3/1.34 app/alkaline-orders", nil), ("parrot-anafi-uploader/2.1 aws-sdk-java", nil),
      ("aws-cli/2.1 distrib/kali.2024", "kali"), ("Boto3/1.26 os/linux#6.5.0-13parrot1-amd64", "parrot"),
    ] as [(String, String?)])
  func toolsAreWholeWords(agent: String, tool: String?) {
    let found = findings(CloudActions(artifact: artifact), [CloudSamples.call("ListBuckets", agent: agent)])
    #expect(found.map(\.rule) == (tool == nil ? [] : ["cloud.attack-tool"]))
    if let tool { #expect(found.first?.message.hasSuffix("user agent of \(tool).") == true) }
  }
}
