import ArgumentParser
import ArtifactStore

/// How sources are read.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Name of what comes on standard input (-): host.lime, collection.tar.gz.", valueName: "NAME"))
  var name: SourceName?

  @OptionGroup(title: "S3") var s3: S3Arguments
}

/// How S3 is spoken to. What is not said here is looked for where the AWS SDKs look: variables, profiles, roles.
struct S3Arguments: ParsableArguments {
  @Option(help: ArgumentHelp("An S3 server that is not AWS: https://host:port.", valueName: "URL"))
  var endpointUrl: String?

  @Option(help: ArgumentHelp("Region of the bucket.", valueName: "REGION"))
  var region: String?

  @Option(help: ArgumentHelp("Profile of ~/.aws/config or ~/.aws/credentials.", valueName: "NAME"))
  var profile: String?

  @Flag(help: "Name the bucket in the path, not in the host's name; what --endpoint-url does anyway.")
  var pathStyle = false

  @Flag(help: "Send no credentials: for public buckets.")
  var noSignRequest = false

  var options: S3Options {
    var options = S3Options()
    options.endpointURL = endpointUrl
    options.region = region
    options.profile = profile
    if pathStyle { options.addressing = .path }
    options.isAnonymous = noSignRequest
    return options
  }
}

/// A relative path for what has none of its own.
struct SourceName: ExpressibleByArgument {
  var text: String

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard argument.utf8.count <= 1024, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
      argument.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { return nil }
    text = argument
  }
}
