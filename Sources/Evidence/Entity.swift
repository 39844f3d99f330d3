/// Something the story is about, and by which sources are joined.
public struct Entity: Hashable, Sendable, Comparable {
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    case address, domain, host, user, process, socket, file, url, accessKey = "access_key", role, account, instance
    case hash, container

    /// `process:`
    var prefix: String {
      switch self {
      case .address: "address:"
      case .domain: "domain:"
      case .host: "host:"
      case .user: "user:"
      case .process: "process:"
      case .socket: "socket:"
      case .file: "file:"
      case .url: "url:"
      case .accessKey: "access_key:"
      case .role: "role:"
      case .account: "account:"
      case .instance: "instance:"
      case .hash: "hash:"
      case .container: "container:"
      }
    }

    public static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
  }

  public var kind: Kind
  /// In one form per kind: an address without brackets or zone; a process by its pid; a socket as
  /// `10.0.2.15:51270->203.0.113.66:4444/tcp`; a file by its absolute path; a role by its name.
  public var value: String

  public init(_ kind: Kind, _ value: String) {
    self.kind = kind
    self.value = value
  }

  /// `process:465`
  public var text: String { kind.prefix + value }

  public init?(text: String) {
    guard let colon = text.firstIndex(of: ":"), let kind = Kind(rawValue: String(text[..<colon])) else { return nil }
    self.init(kind, String(text[text.index(after: colon)...]))
  }

  public static func < (left: Entity, right: Entity) -> Bool { (left.kind, left.value) < (right.kind, right.value) }
}
