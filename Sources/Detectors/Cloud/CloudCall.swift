import Bytes
import Evidence

/// What the CloudTrail detectors ask of one call (`aws:cloudtrail:entry`).
struct CloudCall {
  let event: Event
  let name: String

  init?(_ event: Event) {
    guard event.dataType == "aws:cloudtrail:entry", let name = event.text("event_name") else { return nil }
    self.event = event
    self.name = name
  }

  var source: String { event.text("event_source") ?? "" }
  var address: String { AddressText.plain(event.text("source_ip") ?? "") }
  var error: String? { event.text("error_code") }
  var accessKey: String? { event.text("access_key") }
  var role: String? { event.text("role") }

  /// The instance whose role this is: its id is the session's name.
  var instance: String? {
    if let instance = event.text("instance") { return instance }
    guard let session = event.text("session_name"), session.hasPrefix("i-") else { return nil }
    return session.dropFirst(2).utf8.allSatisfy { hexDigit($0) != nil }
      && (session.utf8.count == 10 || session.utf8.count == 19) ? session : nil
  }

  /// A service acted on its own or on someone's behalf: its address is a name.
  var isService: Bool {
    event.text("invoked_by") != nil || event.text("identity_type") == "AWSService" || !AddressText.isAddress(address)
  }

  var isDenied: Bool {
    guard let error else { return false }
    return error.contains("AccessDenied") || error.contains("Unauthorized") || error.contains("NotAuthorized")
  }

  /// `role cumulus-was-role of instance i-…`, `user ops.lee`
  var who: String {
    if let role { return "role \(role)" + (instance.map { " of instance \($0)" } ?? "") }
    if let user = event.text("user") { return "user \(user)" }
    return event.text("identity_arn") ?? event.text("identity_type") ?? "an unnamed identity"
  }

  /// One name for all calls of the same identity.
  var identity: String { instance ?? accessKey ?? event.text("identity_arn") ?? event.text("user") ?? "" }

  func parameters(contain words: [StaticString]) -> Bool {
    guard let text = event.text("request_parameters") else { return false }
    return text.withView { view in words.contains { view.contains($0) } }
  }
}
