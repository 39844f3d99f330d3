/// Keys that sign requests. They show nothing of themselves when printed.
struct AWSCredentials: Sendable, CustomStringConvertible, CustomReflectable {
  var accessKey: String
  var secretKey: String
  var token: String?
  /// Seconds since 1970; nil for keys that stay.
  var expires: Int64?
  /// Where they come from, for people: `the environment`, `profile ir`.
  var source: String

  var description: String { "the credentials from \(source)" }
  var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
