import Bytes
import Testing

@testable import Detectors

@Suite struct MetadataAddressTests {
  @Test(arguments: [
    "http://169.254.169.254/", "http://2852039166/", "http://0xA9FEA9FE/", "http://0251.0376.0251.0376/",
    "http://0xa9.0xfe.0xa9.0xfe/", "http://169.254.43518/", "http://169.16689662/", "http://169.254.169.254.nip.io/",
    "http://169.254.169.254:80/", "http://u@169.254.170.2/", "http://[fd00:ec2::254]/", "http://instance-data/latest",
    "http://[::ffff:a9fe:a9fe]/", "HTTP://Metadata.Google.Internal/",
  ])
  func allFormsAreOne(text: String) { #expect(text.withView { MetadataAddress.occurs(in: $0) }) }

  @Test(arguments: [
    "http://169.254.169.253/", "http://2852039167/", "http://1.169.254.169.254/", "http://h169.254.169.254/",
    "http://0169.254.169.254/", "http://169.254.169.254.1/", "http://0x/", "http://99999999999999999999/",
    "http://169.254.65537/", "instance-data", "...", "",
  ])
  func othersAreNot(text: String) { #expect(!text.withView { MetadataAddress.occurs(in: $0) }) }
}
