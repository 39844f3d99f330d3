import Foundation

/// How S3 is spoken to. Everything has a default; what is nil is looked for where the AWS SDKs look.
public struct S3Options: Sendable {
  /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's `endpoint_url`, or AWS.
  public var endpointURL: String?
  public var region: String?
  public var profile: String?
  public var addressing: S3Addressing = .auto
  /// True for public buckets: nothing is signed.
  public var isAnonymous = false
  /// Requests at the same time.
  public var connections = 6
  /// Bytes of one ranged GET. Times `connections` and two more, it bounds the memory.
  public var rangeSize = 8 << 20
  /// Large objects begin on one connection, and go on in ranges where those are measured to be faster.
  public var isTryingOneConnection = true
  /// Objects at least this large are kept in part when a run ends before they are whole.
  public var resumableSize: UInt64 = 64 << 20
  /// Bytes of one part of an upload; four are in memory, twice.
  public var partSize = 8 << 20
  /// How often a request that gets nowhere is sent, in all.
  public var attempts = 8
  /// Seconds before the first repetition, at most; doubled for each that follows.
  public var firstDelay = 0.2
  /// Seconds that a connection may be silent.
  public var silence = 30
  public var environment = AWSEnvironment.process

  public init() {}
}

/// What the AWS settings of a machine are read from: variables, and files under the home folder.
public struct AWSEnvironment: Sendable {
  public var variables: [String: String]
  public var home: String

  public init(variables: [String: String], home: String) {
    self.variables = variables
    self.home = home
  }

  public static var process: AWSEnvironment {
    let variables = ProcessInfo.processInfo.environment
    return AWSEnvironment(variables: variables, home: variables["HOME"] ?? NSHomeDirectory())
  }

  /// A variable's value; nil when it is empty, as the SDKs take it.
  subscript(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// A small file of settings or a token; nil where it is not there, or larger than any such file.
  func file(_ path: String) -> [UInt8]? {
    let whole = path.hasPrefix("~/") ? home + path.dropFirst() : path
    guard let handle = FileHandle(forReadingAtPath: whole), let data = try? handle.read(upToCount: 1 << 20) else {
      return nil
    }
    return [UInt8](data)
  }
}
