import Bytes
import COpenSSL
import Evidence
import Foundation

/// An Ed25519 key (RFC 8032) of OpenSSL's: made by `openssl genpkey -algorithm ed25519 -out custody.pem`.
public final class SigningKey: @unchecked Sendable {
  // Only read after it is made; OpenSSL's one-shot signing takes a context of its own each time.
  private let key: OpaquePointer

  /// - Parameter path: of a private key in PEM, without a passphrase.
  /// - Throws: `badSource`, saying what is wrong with the file.
  public init(path: String) throws(StoreError) {
    guard let bytes = FileManager.default.contents(atPath: path), bytes.count < 1 << 16 else {
      throw StoreError(.badSource, "cannot read the signing key \(path): \(systemMessage())")
    }
    guard let key = PublicKey.parse([UInt8](bytes), { PEM_read_bio_PrivateKey($0, nil, nil, $1) }) else {
      throw StoreError(
        .badSource, "\(path) is no private key in PEM without a passphrase: make one with " + Self.recipe)
    }
    guard EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
      EVP_PKEY_free(key)
      throw StoreError(.badSource, "\(path) is no Ed25519 key: make one with " + Self.recipe)
    }
    self.key = key
  }

  private static let recipe = "`openssl genpkey -algorithm ed25519 -out KEY.pem`"

  deinit { EVP_PKEY_free(key) }

  /// 64 bytes.
  public func sign(_ message: [UInt8]) throws(StoreError) -> [UInt8] {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var count = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
      EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
    else { throw StoreError(.cannotWrite, "OpenSSL cannot sign with this key") }
    return signature
  }

  /// The half that others check with.
  public var publicKey: PublicKey { get throws(StoreError) { try PublicKey(copying: key) } }
}

/// A public key, for checking signatures: Ed25519 of custody, RSA of CloudTrail.
public final class PublicKey: @unchecked Sendable {
  private let key: OpaquePointer

  init(owning key: OpaquePointer) { self.key = key }

  fileprivate init(copying other: OpaquePointer) throws(StoreError) {
    EVP_PKEY_up_ref(other)
    key = other
  }

  deinit { EVP_PKEY_free(key) }

  /// - Parameter pem: `BEGIN PUBLIC KEY`, as `openssl pkey -pubout` writes it.
  public convenience init?(pem: [UInt8]) {
    guard let key = Self.parse(pem, { bio, _ in PEM_read_bio_PUBKEY(bio, nil, nil, nil) }) else { return nil }
    self.init(owning: key)
  }

  /// - Parameter pkcs1: RSA's own DER (`RSAPublicKey`), as `aws cloudtrail list-public-keys` gives it.
  public convenience init?(pkcs1: [UInt8]) {
    var place: UnsafePointer<UInt8>?
    let key = pkcs1.withUnsafeBufferPointer { bytes in
      place = bytes.baseAddress
      return d2i_PublicKey(EVP_PKEY_RSA, nil, &place, bytes.count)
    }
    guard let key else { return nil }
    self.init(owning: key)
  }

  static func parse(_ bytes: [UInt8], _ read: (OpaquePointer?, UnsafeMutableRawPointer?) -> OpaquePointer?)
    -> OpaquePointer?
  {
    guard let bio = BIO_new_mem_buf(bytes, Int32(clamping: bytes.count)) else { return nil }
    defer {
      BIO_free(bio)
      ERR_clear_error()
    }
    // An empty passphrase, so that OpenSSL does not ask on the terminal.
    var passphrase: [CChar] = [0]
    return read(bio, &passphrase)
  }

  /// `SubjectPublicKeyInfo` in DER.
  public var der: [UInt8] {
    var pointer: UnsafeMutablePointer<UInt8>?
    let count = i2d_PUBKEY(key, &pointer)
    guard count > 0, let pointer else { return [] }
    defer { CRYPTO_free(pointer, #file, #line) }
    return Array(UnsafeBufferPointer(start: pointer, count: Int(count)))
  }

  /// SHA-256 of `der`: a name for the key.
  public var fingerprint: Digest { Digest(of: der) }

  public var pem: String {
    let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----\n"
  }

  /// Ed25519 over the message itself.
  public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool { verify(signature, message, nil) }

  /// RSA PKCS #1 v1.5 with SHA-256.
  public func verifiesSHA256(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    EVP_PKEY_get_id(key) == EVP_PKEY_RSA && verify(signature, message, EVP_sha256())
  }

  private func verify(_ signature: [UInt8], _ message: [UInt8], _ digest: OpaquePointer?) -> Bool {
    let context = EVP_MD_CTX_new()
    defer {
      EVP_MD_CTX_free(context)
      ERR_clear_error()
    }
    return EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}
