/// `s3://bucket/prefix`: where a source lies, or where results go.
public struct S3Location: Hashable, Sendable, CustomStringConvertible {
  public var bucket: String
  /// Key or prefix, as typed: a `%` in it is a `%`.
  public var key: String

  /// True for an argument that is meant to be one, so that a command knows which kind of source it was given.
  public static func isMeant(by argument: String) -> Bool { argument.lowercased().hasPrefix("s3://") }

  /// - Throws: `badSource` for what is not an S3 URL.
  public init(_ url: String) throws(StoreError) {
    guard Self.isMeant(by: url) else {
      throw StoreError(.badSource, "\(url) is not an S3 URL: write s3://bucket/prefix")
    }
    let rest = url.dropFirst("s3://".count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    bucket = String(rest[..<slash])
    key = String(rest[slash...].dropFirst())
    // The bucket becomes part of a host name, so nothing else gets in there.
    let allowed = bucket.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
    }
    guard (1...255).contains(bucket.utf8.count), allowed else {
      throw StoreError(.badSource, "\(url) names no bucket: write s3://bucket/prefix")
    }
  }

  public var description: String { key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)" }

  func object(_ key: String) -> String { "s3://\(bucket)/\(key)" }

  /// The name of a listed object under this location, as a folder source names its files; nil for a key that does not belong.
  ///
  /// `s3://b/case` means the object `case` and everything under `case/`. What only starts with the same letters (`case-2`) is
  /// meant when there is nothing else (`isLoose`), and then it is named from the last folder on.
  func name(of found: String, isLoose: Bool) -> String? {
    let whole = Array(found.utf8)
    let wanted = Array(key.utf8)
    guard whole.starts(with: wanted) else { return nil }
    let isFolder = wanted.isEmpty || wanted.last == 0x2F
    // The folder's own marker, where it holds bytes.
    if isFolder, whole.count == wanted.count { return found }
    if isFolder || whole.count > wanted.count && whole[wanted.count] == 0x2F {
      return String(decoding: whole.dropFirst(isFolder ? wanted.count : wanted.count + 1), as: UTF8.self)
    }
    guard isLoose || whole.count == wanted.count else { return nil }
    let folder = wanted.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
    return String(decoding: whole.dropFirst(folder), as: UTF8.self)
  }
}
