import Bytes
import Evidence
import Synchronization

/// Finds the keys to sign with, in the order of the AWS SDKs: environment, profile, web identity, container, instance role. Keys
/// that end are fetched anew five minutes before they do.
final class CredentialChain: Sendable {
  private struct State {
    var found: AWSCredentials?
  }

  private let settings: AWSSettings
  private let state = Mutex(State())
  /// Seconds before the end of keys at which new ones are asked for.
  private static let margin: Int64 = 300

  init(_ settings: AWSSettings) { self.settings = settings }

  /// The keys of this moment. While one caller fetches, the others wait for it.
  ///
  /// - Throws: `badSource` where there are none, saying where they were looked for.
  func current() throws(StoreError) -> AWSCredentials {
    try state.withLock { (state) throws(StoreError) in
      let now = Timestamp.now.nanoseconds / 1_000_000_000
      if let found = state.found, found.expires.map({ $0 - Self.margin > now }) ?? true { return found }
      do throws(StoreError) {
        state.found = try search()
      } catch {
        // Keys near their end are still good when the service that renews them is away for a moment.
        if let found = state.found, found.expires.map({ $0 > now }) ?? true { return found }
        throw error
      }
      guard let found = state.found else {
        throw StoreError(
          .badSource,
          "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile, or run under a role")
      }
      return found
    }
  }

  /// Where the keys in use come from; nil before there are any.
  var source: String? { state.withLock { $0.found?.source } }

  /// Drops keys that a server called expired. - Returns: false when there is no hope of others.
  func renew(_ used: AWSCredentials) -> Bool {
    guard used.expires != nil else { return false }
    state.withLock { state in
      if state.found?.accessKey == used.accessKey { state.found = nil }
    }
    return true
  }

  private func search() throws(StoreError) -> AWSCredentials? {
    let environment = settings.environment
    // A profile that was asked for by name on the command line counts before the variables.
    if settings.namedProfile == nil, let found = try environmentKeys() { return found }
    if let found = try profile(settings.profile, depth: 0) { return found }
    if settings.namedProfile != nil || environment["AWS_PROFILE"] != nil, settings.files[settings.profile] == nil {
      throw StoreError(
        .badSource, "the AWS profile \(settings.profile) is in neither ~/.aws/config nor ~/.aws/credentials")
    }
    if let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"] {
      return try SecurityTokens(settings).assume(
        role: role, session: environment["AWS_ROLE_SESSION_NAME"], webIdentity: file, source: "the web identity")
    }
    if let found = try ContainerCredentials(environment).fetch() { return found }
    return try InstanceMetadata(environment).credentials()
  }

  private func environmentKeys() throws(StoreError) -> AWSCredentials? {
    let environment = settings.environment
    guard let key = environment["AWS_ACCESS_KEY_ID"] else { return nil }
    guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
      throw StoreError(.badSource, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
    }
    return AWSCredentials(
      accessKey: key, secretKey: secret, token: environment["AWS_SESSION_TOKEN"], expires: nil,
      source: "the environment")
  }

  /// Keys of a profile: its own, or those of the role it names, asked for with the keys that it says.
  private func profile(_ name: String, depth: Int) throws(StoreError) -> AWSCredentials? {
    guard depth < 8 else {
      throw StoreError(.badSource, "the AWS profile \(name) has a source_profile that leads in a circle")
    }
    guard let values = settings.files[name] else { return nil }
    let source = "profile \(name)"
    if let role = values["role_arn"] {
      let session = values["role_session_name"]
      if let file = values["web_identity_token_file"] {
        return try SecurityTokens(settings).assume(role: role, session: session, webIdentity: file, source: source)
      }
      var base: AWSCredentials?
      if let other = values["source_profile"] {
        // A profile may name itself: its own keys then ask for its role.
        base = other == name ? Self.keys(values, source) : try profile(other, depth: depth + 1)
      } else {
        base = try credentials(of: values["credential_source"] ?? "")
      }
      guard let base else {
        throw StoreError(.badSource, "the AWS profile \(name) names a role, and no credentials to ask for it with")
      }
      return try SecurityTokens(settings).assume(
        role: role, session: session, externalID: values["external_id"], with: base, source: source)
    }
    if let keys = Self.keys(values, source) { return keys }
    if values["credential_process"] != nil || values["sso_session"] != nil || values["sso_start_url"] != nil {
      throw StoreError(
        .badSource,
        "the AWS profile \(name) gets its credentials from a program or a sign-in: run "
          + "`eval \"$(aws configure export-credentials --profile \(name) --format env)\"` first")
    }
    return nil
  }

  private static func keys(_ values: [String: String], _ source: String) -> AWSCredentials? {
    guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else { return nil }
    return AWSCredentials(
      accessKey: key, secretKey: secret, token: values["aws_session_token"], expires: nil, source: source)
  }

  private func credentials(of source: String) throws(StoreError) -> AWSCredentials? {
    let environment = settings.environment
    switch source {
    case "Environment": return try environmentKeys()
    case "EcsContainer": return try ContainerCredentials(environment).fetch()
    case "Ec2InstanceMetadata": return try InstanceMetadata(environment).credentials()
    default: return nil
    }
  }
}
