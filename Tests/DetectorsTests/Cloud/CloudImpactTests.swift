import Evidence
import Testing

@testable import Detectors

@Suite struct CloudImpactTests {
  private func judged(
    _ name: String, _ service: String, _ parameters: String?, instance: String? = nil, error: String? = nil
  ) -> [Finding] {
    findings(
      CloudImpact(artifact: artifact),
      [
        CloudSamples.call(
          name, service, instance: instance, error: error, parameters: parameters,
          more: [Attribute("recipient_account", "111122223333")])
      ])
  }

  @Test(
    arguments: [
      ("ScheduleKeyDeletion", "kms", #"{"keyId":"k","pendingWindowInDays":7}"#, "T1485", .high, .low),
      ("DisableKey", "kms", #"{"keyId":"k"}"#, "T1485", .high, .low),
      ("DeleteDBInstance", "rds", #"{"dBInstanceIdentifier":"d","skipFinalSnapshot":true}"#, "T1485", .medium, .low),
      (
        "PutBucketVersioning", "s3", #"{"bucketName":"b","VersioningConfiguration":{"Status":"Suspended"}}"#, "T1490",
        .medium, .low
      ),
      (
        "PutBucketEncryption", "s3",
        #"{"R":{"ByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"arn:aws:kms:us-east-1:999988887777:key/x"}}}"#,
        "T1486", .medium, .low
      ),
      (
        "CopyObject", "s3",
        #"{"bucketName":"b","key":"k","x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-copy-source":"b/k"}"#,
        "T1486", .high, .medium
      ),
      ("SendCommand", "ssm", #"{"documentName":"AWS-RunShellScript"}"#, "T1651", .medium, nil),
      ("ModifyInstanceAttribute", "ec2", #"{"instanceId":"i-1","userData":"x"}"#, "T1651", .medium, .low),
      ("UpdateFunctionCode20150331v2", "lambda", #"{"functionName":"f"}"#, "T1648", .low, nil),
      ("PutFoundationModelEntitlement", "bedrock", #"{"modelId":"a"}"#, "T1496", .medium, .low),
      ("VerifyEmailIdentity", "ses", #"{"emailAddress":"a@example.com"}"#, "T1496", .low, nil),
    ] as [(String, String, String, String, Severity, Severity?)])
  func whatACallDoes(
    name: String, service: String, parameters: String, attack: String, byInstance: Severity, byPerson: Severity?
  ) {
    let taken = judged(name, service, parameters, instance: CloudSamples.instance)
    #expect(taken.map(\.severity) == [byInstance])
    #expect(taken.first?.attack.contains(attack) == true)
    #expect(judged(name, service, parameters).map(\.severity) == (byPerson.map { [$0] } ?? []))
    let denied = judged(name, service, parameters, instance: CloudSamples.instance, error: "AccessDenied")
    #expect(denied.map(\.severity) == [min(byInstance, .medium)])
    #expect(judged(name, service, parameters, error: "ThrottlingException").isEmpty)
  }

  @Test(
    arguments: [
      ("PutBucketVersioning", "s3", #"{"VersioningConfiguration":{"Status":"Enabled"}}"#),
      ("PutBucketEncryption", "s3", #"{"KMSMasterKeyID":"arn:aws:kms:us-east-1:111122223333:key/x"}"#),
      ("PutBucketEncryption", "s3", #"{"SSEAlgorithm":"AES256"}"#),
      ("CopyObject", "s3", #"{"bucketName":"b","key":"k","x-amz-copy-source":"b/k"}"#),
      (
        "CopyObject", "s3",
        #"{"bucketName":"b","key":"k","x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-copy-source":"a/k"}"#
      ),
      ("ModifyInstanceAttribute", "ec2", #"{"instanceId":"i-1","disableApiTermination":true}"#),
      ("DisableKey", "other", #"{}"#), ("UpdateAccountSendingEnabled", "ses", #"{"enabled":false}"#),
      ("UpdateFunctionConfiguration20150331v2", "lambda", #"{"functionName":"f","timeout":3}"#),
    ])
  func everydayCallsAreNone(name: String, service: String, parameters: String) {
    #expect(judged(name, service, parameters, instance: CloudSamples.instance).isEmpty)
  }

  @Test func aMachineThatBuildsTakesDownWhatItBuilt() {
    let call = CloudSamples.call("ScheduleKeyDeletion", "kms", parameters: #"{"keyId":"k"}"#, agent: "Terraform/1.9.5")
    #expect(findings(CloudImpact(artifact: artifact), [call]).map(\.severity) == [.medium])
  }

  @Test func whatIsDoneToEachObjectIsToldOnce() {
    let parameters =
      #"{"bucketName":"b","key":"k","x-amz-server-side-encryption-customer-algorithm":"AES256","x-amz-copy-source":"b/k"}"#
    let calls = (0..<50).map {
      CloudSamples.call("CopyObject", "s3", instance: nil, parameters: parameters, second: $0)
    }
    #expect(findings(CloudImpact(artifact: artifact), calls).count == 1)
  }
}
