import ArtifactStore
import Bytes
import MemoryParse

/// Where the pages of a memory image lie in its file, for keeping two images of one host by what differs.
public enum ImageLayout {
  /// Smaller objects are not worth a list of pages.
  public static let minimumSize: UInt64 = 1 << 22

  /// - Parameter name: of the file: bare memory is known by nothing else.
  /// - Returns: nil for what is no image, or one whose pages are compressed.
  public static func runs(of file: MappedFile, name: String) -> [PageRun]? {
    guard file.byteCount >= minimumSize else { return nil }
    let head = file.view(at: 0, count: MemoryImages.headByteCount)
    guard let format = MemoryImages.recognize(head: head, byteCount: file.byteCount, name: name),
      ["lime", "elf-core", "raw"].contains(format), let (_, report) = try? MemoryImages.open(file, as: format)
    else { return nil }
    let runs = report.runs.compactMap { run in
      run.fileOffset.map { PageRun(offset: $0, address: run.start, byteCount: run.byteCount) }
    }
    return runs.isEmpty || runs.count < report.runs.count ? nil : runs
  }
}
