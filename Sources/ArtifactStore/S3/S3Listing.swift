import Bytes
import Evidence

/// One page of ListObjectsV2.
struct S3ListPage {
  struct Entry: Hashable {
    var key = ""
    var byteCount: UInt64 = 0
    var etag = ""
    var modified: Int64?
  }

  /// S3 keeps no larger object (50 TB); whatever a listing claims.
  private static let largest: UInt64 = 1 << 46

  var entries: [Entry] = []
  /// Asks for the next page; nil on the last.
  var continuation: String?

  /// - Returns: nil for an answer that is cut short, or is no listing.
  init?(_ body: [UInt8]) {
    var entries: [Entry] = []
    var entry = Entry()
    var isListing = false
    var isTruncated = false
    var isEncoded = false
    var next = ""
    let isWhole = body.withView { bytes in
      XMLScanner.scan(bytes) { path, text in
        if path.first == "ListBucketResult" { isListing = true }
        guard let text else {
          if path.count == 2, path[1] == "Contents" { entry = Entry() }
          return
        }
        if path.count == 2 {
          switch path[1] {
          case "Contents": entries.append(entry)
          case "IsTruncated": isTruncated = text == "true"
          case "NextContinuationToken": next = text
          case "EncodingType": isEncoded = text == "url"
          default: break
          }
        } else if path.count == 3, path[1] == "Contents" {
          switch path[2] {
          case "Key": entry.key = text
          case "Size": entry.byteCount = min(UInt64(text) ?? 0, Self.largest)
          case "ETag": entry.etag = text
          case "LastModified": entry.modified = Timestamp(iso8601: text)?.nanoseconds
          default: break
          }
        }
      }
    }
    guard isWhole, isListing else { return nil }
    if isEncoded {
      for index in entries.indices { entries[index].key = percentDecoded(entries[index].key) }
    }
    self.entries = entries
    continuation = isTruncated && !next.isEmpty ? next : nil
    if isTruncated, next.isEmpty { return nil }
  }
}
