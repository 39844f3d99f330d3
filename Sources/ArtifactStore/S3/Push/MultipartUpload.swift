import Bytes
import Evidence
import Foundation
import Synchronization

/// One large file sent in parts by several threads. Whole or not there: an upload that fails is aborted, so that no parts stay
/// behind to be paid for.
struct MultipartUpload {
  private let client: S3Client
  private let key: String
  private let partSize: Int

  /// Parts in memory at the same time.
  private static let threads = 4

  private struct Part {
    var number: Int
    var etag: String
    var checksum: String
  }

  init(_ client: S3Client, _ key: String, partSize: Int) {
    self.client = client
    self.key = key
    self.partSize = partSize
  }

  func send(
    _ file: MappedFile, _ headers: [(String, String)], _ onProgress: (Int) -> Void
  ) throws(StoreError) {
    var request = S3Client.Request(method: "POST", key: key, query: [("uploads", "")])
    request.headers = headers + [("x-amz-checksum-algorithm", "SHA256")]
    let answer = try client.send(request)
    guard let upload = Self.field("UploadId", in: answer.body) else {
      throw StoreError(.cannotRead, "\(client.location.object(key)): the server begins no upload: check the endpoint")
    }
    do throws(StoreError) {
      try complete(upload, try sendParts(file, upload, onProgress))
    } catch {
      _ = client.once(S3Client.Request(method: "DELETE", key: key, query: [("uploadId", upload)]))
      throw error
    }
  }

  private func sendParts(
    _ file: MappedFile, _ upload: String, _ onProgress: (Int) -> Void
  ) throws(StoreError) -> [Part] {
    let total = file.withView { $0.count }
    let count = (total - 1) / partSize + 1
    var parts: [Part] = []
    while parts.count < count {
      let first = parts.count
      let results = Mutex<[Int: Result<Part, StoreError>]>([:])
      let batch = min(Self.threads, count - first)
      onThreads(batch) { offset in
        let result: Result<Part, StoreError>
        do throws(StoreError) {
          result = .success(try sendPart(first + offset, file, upload))
        } catch {
          result = .failure(error)
        }
        results.withLock { $0[offset] = result }
      }
      let made = results.withLock { $0 }
      for offset in 0..<batch {
        guard let part = try made[offset]?.get() else { break }
        parts.append(part)
      }
      onProgress(min(parts.count * partSize, total) - min(first * partSize, total))
    }
    return parts
  }

  private func sendPart(_ index: Int, _ file: MappedFile, _ upload: String) throws(StoreError) -> Part {
    let body = file.withView { $0.slice(index * partSize, (index + 1) * partSize).array }
    let digest = Digest(of: body)
    let number = index + 1
    let answer = try client.send(
      S3Push.put(key, body, digest, query: [("partNumber", String(number)), ("uploadId", upload)]))
    guard let etag = answer["etag"] else {
      throw StoreError(.cannotRead, "\(client.location.object(key)): the server confirms no part: check the endpoint")
    }
    return Part(number: number, etag: etag, checksum: Data(digest.bytes).base64EncodedString())
  }

  private func complete(_ upload: String, _ parts: [Part]) throws(StoreError) {
    var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for part in parts {
      xml += "<Part><ChecksumSHA256>\(part.checksum)</ChecksumSHA256><ETag>\(Self.escaped(part.etag))</ETag>"
      xml += "<PartNumber>\(part.number)</PartNumber></Part>"
    }
    xml += "</CompleteMultipartUpload>"
    var request = S3Client.Request(method: "POST", key: key, query: [("uploadId", upload)])
    request.body = Array(xml.utf8)
    request.payload = Digest(of: request.body)
    request.headers = [("Content-Type", "application/xml")]
    let answer = try client.send(request)
    // S3 may say 200 before it knows, and then end the answer with an error.
    guard Self.field("ETag", in: answer.body) != nil else {
      throw client.error(
        .refused(status: 500, code: S3Fault.code(in: answer.body) ?? ""), key)
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private static func field(_ name: String, in body: [UInt8]) -> String? {
    var found: String?
    _ = body.withView { bytes in
      XMLScanner.scan(bytes) { path, text in
        if let text, path.count == 2, path[1] == name { found = text }
      }
    }
    return found
  }
}

/// Runs a body on so many threads of its own, and returns when all have ended. For bodies that wait.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchSemaphore(value: 0)
  for index in 0..<count {
    let thread = Thread {
      body(index)
      done.signal()
    }
    thread.name = "s3"
    thread.start()
  }
  for _ in 0..<count { done.wait() }
}
