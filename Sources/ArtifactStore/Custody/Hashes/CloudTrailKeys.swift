import Bytes
import Evidence
import Foundation

/// The public keys that CloudTrail signs digests with, archived with the case or given by the user: the answer of `aws cloudtrail
/// list-public-keys`, or keys in PEM or DER.
public struct CloudTrailKeys: Sendable {
  private var byFingerprint: [String: PublicKey] = [:]
  /// Without a fingerprint that CloudTrail would call them by.
  private var others: [PublicKey] = []

  private static let maximumKeys = 10_000
  private static let maximumBytes = 64 << 20

  public init() {}

  public var isEmpty: Bool { byFingerprint.isEmpty && others.isEmpty }

  /// - Parameter path: a file, or a folder of files.
  /// - Throws: `badSource` where there is none, or no key in it.
  public init(path: String) throws(StoreError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw StoreError(.badSource, "\(path): \(systemMessage(ENOENT))")
    }
    let names = isFolder.boolValue ? (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] : []
    for file in isFolder.boolValue ? names.sorted().map({ "\(path)/\($0)" }) : [path] {
      let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
      guard size <= Self.maximumBytes, let bytes = FileManager.default.contents(atPath: file) else { continue }
      add([UInt8](bytes))
    }
    if isEmpty {
      throw StoreError(
        .badSource,
        "\(path) holds no public key: give the output of `aws cloudtrail list-public-keys`, or keys in PEM or DER")
    }
  }

  /// Adds the keys of one file. Anything that is none adds nothing.
  public mutating func add(_ bytes: [UInt8]) {
    let count = byFingerprint.count
    bytes.withView { view in
      let list = JSONView(view)["PublicKeyList"] ?? JSONView(view)
      for one in list.kind == .array ? list.elements.prefix(Self.maximumKeys) : [list] { add(one) }
    }
    guard byFingerprint.count == count, others.count < Self.maximumKeys else { return }
    if let key = PublicKey(pem: bytes) ?? PublicKey(pkcs1: bytes) ?? Self.pkcs1(pem: bytes) { others.append(key) }
  }

  private mutating func add(_ json: JSONView) {
    guard let value = json["Value"]?.string, let print = json["Fingerprint"]?.string,
      let der = Data(base64Encoded: value, options: .ignoreUnknownCharacters), let key = PublicKey(pkcs1: [UInt8](der))
    else { return }
    byFingerprint[print.lowercased()] = key
  }

  /// `BEGIN RSA PUBLIC KEY`.
  private static func pkcs1(pem: [UInt8]) -> PublicKey? {
    let lines = String(decoding: pem, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard lines.first == "-----BEGIN RSA PUBLIC KEY-----", lines.last == "-----END RSA PUBLIC KEY-----" else {
      return nil
    }
    return Data(base64Encoded: lines.dropFirst().dropLast().joined()).flatMap { PublicKey(pkcs1: [UInt8]($0)) }
  }

  /// - Returns: nil where no key is called so.
  func verify(_ signature: [UInt8], of text: String, fingerprint: String) -> Bool? {
    let message = Array(text.utf8)
    if let key = byFingerprint[fingerprint] { return key.verifiesSHA256(signature, of: message) }
    // A key without a name counts when it fits, and says nothing when it does not.
    return others.contains { $0.verifiesSHA256(signature, of: message) } ? true : nil
  }
}
