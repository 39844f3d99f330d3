/// What a secret opens.
public enum SecretKind: String, Sendable, CaseIterable {
  case awsSecretKey = "aws-secret-key"
  case awsSessionToken = "aws-session-token"
  case passwordHash = "password-hash"
  case privateKey = "private-key"
  case webToken = "web-token"
  case accessToken = "access-token"
  case urlPassword = "url-password"
}
