import Bytes
import Evidence

/// A secret that lay open in evidence: the report names it, and never repeats it.
public struct Exposure: Hashable, Sendable, Comparable {
  public typealias Kind = SecretKind

  public var kind: Kind
  /// First eight hexadecimal digits of the secret's SHA-256, by which two places are known to hold the same one.
  public var fingerprint: String
  public var artifact: Digest
  public var locator: Locator
  /// The key id that stands beside the secret.
  public var accessKey: String?
  /// Where CloudTrail saw that key used, in the order of first use.
  public var uses: [CredentialFacts.Place] = []

  public init(
    kind: Kind, fingerprint: String, artifact: Digest, locator: Locator, accessKey: String? = nil
  ) {
    self.kind = kind
    self.fingerprint = fingerprint
    self.artifact = artifact
    self.locator = locator
    self.accessKey = accessKey
  }

  public static func < (left: Exposure, right: Exposure) -> Bool {
    (left.kind.rawValue, left.fingerprint, left.artifact, left.locator.order, left.locator.text)
      < (right.kind.rawValue, right.fingerprint, right.artifact, right.locator.order, right.locator.text)
  }
}

/// Takes secrets out of text, so that a report can be mailed.
///
/// Knows them by their shape (`SecretShape`). One pass over the bytes; text without a secret is handed back as it is.
public enum SecretMask {
  /// Whether there is anything to mask. About 1 ns a byte.
  public static func isNeeded(_ text: String) -> Bool {
    text.withView { view in
      guard view.count >= 12 else { return false }
      for place in 0..<view.count {
        if let secret = SecretShape.at(view, place), !secret.range.isEmpty { return true }
      }
      return false
    }
  }

  /// Where secrets lie in bytes, in order.
  public static func ranges(in bytes: ByteView) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var place = 0
    while place < bytes.count {
      if let secret = SecretShape.at(bytes, place), !secret.range.isEmpty {
        found.append(secret.range)
        place = max(secret.range.upperBound, place + 1)
      } else {
        place += 1
      }
    }
    return found
  }

  /// - Returns: nil when there is nothing to mask.
  public static func mask(_ text: String, found: (Exposure.Kind, String) -> Void) -> String? {
    text.withView { view -> String? in
      guard view.count >= 12 else { return nil }
      var out: [UInt8]?
      var copied = 0
      var place = 0
      while place < view.count {
        guard let secret = SecretShape.at(view, place), secret.range.lowerBound >= copied, !secret.range.isEmpty else {
          place += 1
          continue
        }
        let value = view.slice(secret.range.lowerBound, secret.range.upperBound)
        let fingerprint = String(Digest(of: value.array).hex.prefix(8))
        found(secret.kind, fingerprint)
        var made = out ?? []
        made.append(contentsOf: view.slice(copied, secret.range.lowerBound).unsafeBytes)
        made.append(contentsOf: "[masked \(secret.kind.rawValue) sha256:\(fingerprint)]".utf8)
        out = made
        copied = secret.range.upperBound
        place = max(secret.range.upperBound, place + 1)
      }
      guard var made = out else { return nil }
      made.append(contentsOf: view.slice(copied).unsafeBytes)
      return String(decoding: made, as: UTF8.self)
    }
  }
}
