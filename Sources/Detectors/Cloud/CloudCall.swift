import Bytes
import Evidence

/// What the CloudTrail detectors ask of one call (`aws:cloudtrail:entry`), taken from its attributes in one pass.
///
/// A class: it is made once for each call, and handed to every detector.
public final class CloudCall {
  static let dataType = "aws:cloudtrail:entry"

  let event: Event
  private(set) var name = ""
  private(set) var source = ""
  private(set) var error: String?
  private(set) var accessKey: String?
  private(set) var role: String?
  private(set) var userAgent: String?
  private(set) var identityType: String?
  private(set) var parameters: String?
  private(set) var errorMessage: String?
  private var response: String?
  /// It came through an endpoint in a network of AWS: its address is one of that network.
  private(set) var isFromEndpoint = false
  private(set) var region: String?
  /// Whose network that endpoint stands in, where it is not the identity's or the called account's own.
  private(set) var foreignEndpointAccount: String?
  /// The account that the identity is of.
  private(set) var identityAccount: String?
  /// The account whose log this is.
  private(set) var account: String?
  /// The instance whose role this is: its id is the session's name.
  private(set) var instance: String?
  let address: String
  /// A service acted on its own or on someone's behalf: its address is a name.
  let isService: Bool
  private(set) var user: String?
  private var identityARN: String?

  init?(_ event: Event) {
    guard event.dataType == Self.dataType else { return nil }
    self.event = event
    var address: String?
    var invoker: String?
    var session: String?
    var endpointAccount: String?
    for attribute in event.attributes {
      guard case .text(let text) = attribute.value, !text.isEmpty else { continue }
      // A look at the length spares most names most comparisons.
      switch (attribute.name.utf8.count, attribute.name) {
      case (10, "event_name"): name = text
      case (10, "user_agent"): userAgent = text
      case (10, "error_code"): error = text
      case (10, "access_key"): accessKey = text
      case (10, "invoked_by"): invoker = text
      case (12, "event_source"): source = text
      case (12, "session_name"): session = text
      case (12, "identity_arn"): identityARN = text
      case (12, "vpc_endpoint"): isFromEndpoint = true
      case (13, "identity_type"): identityType = text
      case (13, "error_message"): errorMessage = text
      case (16, "identity_account"): identityAccount = text
      case (17, "response_elements"): response = text
      case (17, "recipient_account"): account = text
      case (18, "request_parameters"): parameters = text
      case (20, "vpc_endpoint_account"): endpointAccount = text
      case (9, "source_ip"): address = text
      case (6, "region"): region = text
      case (8, "instance"): instance = text
      case (4, "role"): role = text
      case (4, "user"): user = text
      default: break
      }
    }
    self.address = AddressText.plain(address ?? "")
    account = account ?? identityAccount
    if let endpointAccount, let own = identityAccount ?? account, endpointAccount != own, endpointAccount != account {
      foreignEndpointAccount = endpointAccount
    }
    isService = invoker != nil || identityType == "AWSService" || !AddressText.isAddress(self.address)
    if name.isEmpty { return nil }
    if instance == nil { instance = session.flatMap(Self.instance) }
  }

  private static func instance(_ session: String) -> String? {
    guard session.hasPrefix("i-"), session.utf8.count == 10 || session.utf8.count == 19,
      session.dropFirst(2).utf8.allSatisfy({ hexDigit($0) != nil })
    else { return nil }
    return session
  }

  /// Whether a person with a second factor or by single sign-on did it, or a description of the whole account.
  var isVouched: Bool {
    if case .flag(true)? = event["mfa"] { return true }
    if role?.hasPrefix("AWSReservedSSO_") == true { return true }
    guard let userAgent else { return false }
    return ["Terraform/", "cloudformation", "Pulumi/"].contains { userAgent.contains($0) }
  }

  var isDenied: Bool {
    guard let error else { return false }
    return error.withView { error in
      error.contains("AccessDenied") || error.contains("Unauthorized") || error.contains("NotAuthorized")
        || error.contains("AuthorizationError") || error.contains("Forbidden")
    }
  }

  /// `role cumulus-was-role of instance i-…`, `user ops.lee`
  var who: String {
    if let role { return "role \(role)" + (instance.map { " of instance \($0)" } ?? "") }
    if let user { return "user \(user)" }
    return identityARN ?? identityType ?? "an unnamed identity"
  }

  /// One name for all calls of the same identity.
  var identity: String { instance ?? accessKey ?? identityARN ?? user ?? "" }

  func parameters(contain words: [StaticString]) -> Bool {
    guard let parameters else { return false }
    return parameters.withView { view in words.contains { view.contains($0) } }
  }

  /// What the parameters say; nothing where the call has none.
  func parameters<Answer>(_ ask: (CloudParameters) -> Answer?) -> Answer? {
    parameters.flatMap { $0.withView { ask(CloudParameters($0)) } }
  }

  /// The key that the answer hands out.
  var keyHandedOut: String? {
    response.flatMap { $0.withView { CloudParameters($0).text("accessKeyId") } }
  }

  /// Whether a sign-in was refused: it is noted in the answer, with no error code.
  var isFailedSignIn: Bool {
    error != nil || errorMessage != nil
      || response?.withView { CloudParameters($0).has(["ConsoleLogin"], of: ["Failure"]) } == true
  }
}

/// A detector over CloudTrail's calls.
public protocol CloudCallDetector: EventDetector {
  func inspect(_ call: CloudCall, _ report: (Finding) -> Void)
}

extension CloudCallDetector {
  public static func concerns(_ dataType: String) -> Bool { dataType == CloudCall.dataType }

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    if let call = CloudCall(event) { inspect(call, report) }
  }
}

/// Calls of one kind within one minute, kept as one: programs ask the same thousands of times, and a search asks for much that
/// differs.
struct RepeatedCall: Hashable {
  private let what: String
  private let isDenied: Bool
  private let minute: Int64?

  /// - Parameter what: what makes calls alike, the caller aside.
  init(_ what: String, _ call: CloudCall) {
    self.what = what
    isDenied = call.isDenied
    minute = call.event.time.map { $0.nanoseconds / 60_000_000_000 }
  }
}

/// Several of them as one, so that each call is taken apart once.
final class CloudCallDetectors: EventDetector {
  static let version = 1

  let detectors: [any CloudCallDetector]

  init(_ detectors: [any CloudCallDetector]) { self.detectors = detectors }

  static func concerns(_ dataType: String) -> Bool { dataType == CloudCall.dataType }

  func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard let call = CloudCall(event) else { return }
    for detector in detectors { detector.inspect(call, report) }
  }

  func finish(_ report: (Finding) -> Void) {
    for detector in detectors { detector.finish(report) }
  }
}
