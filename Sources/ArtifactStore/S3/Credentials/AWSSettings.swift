/// What the options, the environment and the profile say together.
struct AWSSettings: Sendable {
  var environment: AWSEnvironment
  var files: ProfileFiles
  /// The profile that was asked for by name, not by a variable.
  var namedProfile: String?
  var profile: String

  private let options: S3Options

  init(_ options: S3Options) {
    self.options = options
    environment = options.environment
    files = ProfileFiles(environment)
    namedProfile = options.profile
    profile = options.profile ?? environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
  }

  private subscript(_ name: String) -> String? { files[profile]?[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// The server of a service (`S3`, `STS`) where it is not AWS's own.
  ///
  /// - Throws: `badSource` for one that is not a URL.
  func endpoint(of service: String) throws(StoreError) -> Endpoint? {
    var url = service == "S3" ? options.endpointURL : nil
    if url == nil, environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true" {
      url =
        environment["AWS_ENDPOINT_URL_\(service)"] ?? environment["AWS_ENDPOINT_URL"] ?? self["endpoint_url"]
    }
    guard let url else { return nil }
    return try Endpoint(url)
  }

  /// The region that someone chose; nil where nobody did.
  ///
  /// - Throws: `badSource` for what cannot be a region.
  func chosenRegion() throws(StoreError) -> String? {
    guard
      let region = options.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? self["region"]
    else { return nil }
    guard isRegion(region) else {
      throw StoreError(.badSource, "\(printable(region, 40)) is not an AWS region: write one as ap-northeast-2")
    }
    return region
  }

  var addressing: S3Addressing {
    if options.addressing != .auto { return options.addressing }
    return self["s3.addressing_style"].flatMap(S3Addressing.init(rawValue:)) ?? .auto
  }
}
